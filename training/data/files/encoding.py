"""Encodings of a bank's files: UTF-8, GB18030 (and with it GBK and GB2312), UTF-16 with a byte order mark.

A file that is not UTF-8 but sound GB18030 is read as GB18030, which is logged: Excel on a Chinese Windows and most
Chinese core systems write it. A UTF-8 text with a damaged byte is refused, never read in another encoding: all its
other characters would turn into wrong ones. Nothing is replaced, nothing left out.
"""

import codecs
import gzip
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from service.core.errors import InvalidInput

ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252")
"""What ``encoding`` may say, in bank.yaml or in a call of ``read_csv``."""
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WORKBOOK = b"PK\x03\x04"
END = "\x1a"
BLOCK = 1 << 20
AROUND = 1 << 15
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
REMEDY = "save it as UTF-8 (iconv -f ENCODING -t UTF-8)"

log = logging.getLogger("fourcast.files")


def read_text(path: Path) -> str:
    """Read the whole text of a small file, without a byte order mark.

    Raises: InvalidInput: no encoding fits; with file and byte.
    """
    encoding = encoding_of(path)
    return b"".join(_blocks(path)).decode("utf-8-sig" if encoding == "utf-8" else encoding)


def encoding_of(path: Path, stated: str | None = None) -> str:
    """The encoding of a file: by its byte order mark, else as ``stated``, else UTF-8, else GB18030.

    Raises:
        InvalidInput: when the file is in no such encoding, or no text; names the file, the first byte that does not
            fit and the remedy.
    """
    head = next(_blocks(path), b"")
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if head.startswith(WORKBOOK):
        raise InvalidInput(f"{path}: is an Excel workbook or an archive, no text; save it as CSV UTF-8")
    wanted = marked or stated or "utf-8"
    place = _first_fault(path, wanted)
    if place is None:
        return wanted
    if marked or stated or _is_damaged(path, place) or _first_fault(path, "gb18030") is not None:
        also = "" if marked or stated else " or GB18030, or is damaged"
        remedy = REMEDY if marked or stated else f"{REMEDY}, or state `encoding` in bank.yaml"
        raise InvalidInput(f"{path}: is not {wanted.upper()}{also} (byte {place}); {remedy}")
    log.warning("%s: is not UTF-8 (byte %d); read as GB18030", path, place)
    return "gb18030"


def convert(source: Path, encoding: str, target: Path) -> None:
    """Write the text of ``source`` as UTF-8 to ``target``, packed as the source is, without a mark of its end."""
    decoder, held = codecs.getincrementaldecoder(encoding)(), ""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _opened(target, "wb") as stream:
        for block in (*_blocks(source), b""):
            text = held + decoder.decode(block, final=not block)
            whole = text.rstrip(END + "\r\n")
            stream.write(whole.encode())
            held = text[len(whole) :]
        stream.write(held.split(END)[0].encode())


def ends_marked(path: Path) -> bool:
    """Whether the file ends with a mainframe's end-of-file mark (0x1A), alone or before line ends."""
    start = 0 if path.suffix == ".gz" else max(path.stat().st_size - AROUND, 0)
    last = b""
    for block in _blocks(path, start):
        last = block
    return last.rstrip(b"\r\n").endswith(END.encode())


def _first_fault(path: Path, encoding: str) -> int | None:
    """The place of the first byte that does not fit, from 0; None where all do. Text holds no NUL."""
    decoder, before = codecs.getincrementaldecoder(encoding)(), 0
    for block in (*_blocks(path), b""):
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return before - held + error.start
        if "\0" in text:
            return before + max(block.find(b"\0"), 0)
        before += len(block)
    return None


def _is_damaged(path: Path, place: int) -> bool:
    """Whether the text around a fault is mostly good UTF-8: dozens of multi-byte characters do not occur by chance."""
    around = b"".join(_blocks(path, max(place - AROUND, 0), 2 * AROUND)).decode(errors="replace")
    bad = around.count("\ufffd")
    return sum(sign >= "\u0800" for sign in around) - bad >= 4 * bad


def _blocks(path: Path, start: int = 0, most: int | None = None) -> Iterator[bytes]:
    try:
        with _opened(path, "rb") as stream:
            stream.seek(start)
            while block := stream.read(min(BLOCK, BLOCK if most is None else most)):
                yield block
                if most is not None:
                    return
    except BROKEN as error:
        raise InvalidInput(f"{path}: is no whole gzip file: {error}") from error
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from error


def _opened(path: Path, mode: str) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, mode, compresslevel=1))
    return cast(IO[bytes], path.open(mode))

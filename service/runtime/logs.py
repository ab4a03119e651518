"""Log records as JSON lines on stdout, in the same form as the request lines.

A failure is logged with its class and its lines of code, without its message: that may quote a customer.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime

import orjson

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A log record as one line of JSON; the fields of ``extra`` become members."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        document: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "event": "log",
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        document |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            document["traceback"] = where(record.exc_info[1])
        return orjson.dumps(document, default=str).decode()


def where(failure: BaseException | None) -> list[str]:
    """The class of a failure and of each that led to it, each with its lines of code, the outermost first."""
    steps = []
    while failure is not None:
        frames = traceback.extract_tb(failure.__traceback__)
        steps.append(type(failure).__name__)
        steps += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        failure = failure.__cause__ or failure.__context__
    return steps


def log_as_json(level: str) -> None:
    """Send the root logger's lines to stdout as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)

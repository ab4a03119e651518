"""Folders of bundles: each bundle is found by its version, which names its content."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.core.errors import BundleError, InvalidInput
from service.scoring.models.bundle import Bundle, open_bundle
from service.scoring.models.manifest import read_manifest

VERSION = re.compile(r"b-[0-9a-f]{12}")


def list_bundles(root: Path) -> Iterator[tuple[str, Mapping[str, Any] | BundleError]]:
    """Every bundle under ``root`` by version, with its manifest, or with what is wrong with it."""
    for folder in sorted(root.glob("b-*")):
        if VERSION.fullmatch(folder.name):
            yield folder.name, _manifest_or_fault(folder)


def folder_of(root: Path, version: str) -> Path:
    """The folder of a version.

    Raises: InvalidInput: when the word is no version, or no such bundle is there.
    """
    if not VERSION.fullmatch(version):
        raise InvalidInput(f'a version is "b-" and 12 hex digits, got {version[:40]!r}')
    folder = root / version
    if not folder.is_dir():
        raise InvalidInput(
            f"{folder}: no such bundle; there are: {', '.join(one for one, _ in list_bundles(root)) or 'none'}"
        )
    return folder


def verify(root: Path, version: str) -> Bundle:
    """Open a bundle as serving would, and compare its content with the version: the first step of a promotion.

    Raises: InvalidInput, BundleError: when it is not there, damaged, or another bundle.
    """
    bundle = open_bundle(folder_of(root, version))
    if bundle.version != version:
        raise BundleError(f"{root / version}: holds another bundle, {bundle.version}")
    return bundle


def _manifest_or_fault(folder: Path) -> Mapping[str, Any] | BundleError:
    try:
        return read_manifest(folder)
    except BundleError as error:
        return error

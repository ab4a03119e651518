"""Bundle folders: on this machine, or fetched by URL from an artefact store (s3://, hdfs://, https:// ...).

Fetching: the files that the manifest names -> a draft folder -> every size and SHA-256 checked -> one rename. So a
folder with a bundle's name holds the whole bundle. Publishing writes the manifest last, so a published manifest has all
its files. ``fsspec`` accesses the stores; the package for a kind of store (s3fs, pyarrow for hdfs, aiohttp for https)
is installed by the bank.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.core.errors import BundleError, NotFound
from service.runtime.config import Settings
from service.scoring.models.folders import VERSION
from service.scoring.models.manifest import FILE_NAME, KEPT, NAME, model_bytes, models_of, read_manifest


class Artifacts:
    """The bundles of one installation: ``folder`` on this machine; ``url`` of the artefact store, None without one."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.url = url

    @classmethod
    def of(cls, settings: Settings) -> "Artifacts":
        """The bundles that FOURCAST_ARTIFACTS names."""
        return cls(settings.artifacts, settings.artifacts_url)

    def folder_of(self, version: str) -> Path:
        """The local folder of a bundle, fetched first if it is not complete here.

        Raises:
            NotFound: the artefact store has no such bundle.
            BundleError: its files are damaged, or the artefact store does not answer.
        """
        target = self.folder / version
        if self.url is not None and not _is_whole(target, version):
            self._fetch(version, target)
        return target

    def holds(self, version: str) -> bool:
        """Whether the bundle is here or can be fetched."""
        try:
            return self.folder_of(version).is_dir()
        except NotFound:
            return False

    def versions(self) -> list[str]:
        """Every version here and in the artefact store, sorted."""
        here = {path.name for path in self.folder.glob("b-*")}
        if self.url is not None:
            with self._store() as (files, root):
                there = files.ls(root, detail=False) if files.exists(root) else []
            here |= {str(path).rstrip("/").rpartition("/")[2] for path in there}
        return sorted(filter(VERSION.fullmatch, here))

    def publish(self, version: str) -> None:
        """Write a bundle of the local folder to the artefact store, the manifest last; nothing without a store."""
        if self.url is None:
            return
        folder = self.folder / version
        names = [*_named(read_manifest(folder)), NAME]
        with self._store() as (files, root):
            files.makedirs(f"{root}/{version}", exist_ok=True)
            for name in names:
                files.pipe_file(f"{root}/{version}/{name}", (folder / name).read_bytes())

    def _fetch(self, version: str, target: Path) -> None:
        draft = self.folder / f".fetched-{version}-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            with self._store() as (files, root):
                _download(files, f"{root}/{version}", draft)
            if not _is_whole(draft, version):
                raise BundleError(f"{self.url}/{version}: holds another bundle, {read_manifest(draft)['version']}")
            if not _is_whole(target, version):  # another worker may have been quicker
                shutil.rmtree(target, ignore_errors=True)
                draft.rename(target)
        except FileNotFoundError as error:
            raise NotFound(f'"{version}" is not in {self.url}: {error}') from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def _store(self) -> Iterator[tuple[Any, str]]:
        """The store's file system and root path; every failure but a missing file becomes a BundleError."""
        import fsspec

        try:
            files, root = fsspec.url_to_fs(self.url)
            yield files, str(root).rstrip("/")
        except FileNotFoundError:
            raise
        except ImportError as error:
            raise BundleError(f"{self.url}: needs a package for this kind of store: {error}") from error
        except (OSError, ValueError, NotImplementedError) as error:
            words = str(error) or type(error).__name__
            raise BundleError(f"{self.url}: the artefact store does not serve: {words}") from error


def _download(files: Any, source: str, draft: Path) -> None:
    """Download the manifest and the files it names, checked: ``read`` and ``model_bytes`` raise BundleError."""
    (draft / NAME).write_bytes(files.cat_file(f"{source}/{NAME}"))
    manifest = read_manifest(draft)
    for name in _named(manifest):
        (draft / name).write_bytes(files.cat_file(f"{source}/{name}"))
    model_bytes(draft, manifest)


def _named(manifest: Any) -> list[str]:
    """The files that a manifest names; ``read`` has checked that each is a plain name."""
    names = [row["file"] for entry in models_of(manifest).values() for row in entry["files"]]
    parts = [file for part, file in KEPT.items() if part in manifest]
    return [*(name for name in names if FILE_NAME.fullmatch(name)), *parts]


def _is_whole(folder: Path, version: str) -> bool:
    """Whether the folder holds exactly this bundle, with every byte as in its manifest."""
    if not (folder / NAME).is_file():
        return False
    try:
        manifest = read_manifest(folder)
        model_bytes(folder, manifest)
    except BundleError:
        return False
    return bool(manifest["version"] == version)

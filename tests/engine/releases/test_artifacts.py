"""Bundles by URL: fetched whole, checked by SHA-256, opened from the local copy; published manifest last."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from service.core.errors import BundleError, NotFound
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings
from service.scoring.models import open_bundle


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[str]:
    """An empty store in this process's memory."""
    url = f"memory://{tmp_path.name}"
    yield url
    files, root = fsspec.url_to_fs(url)
    if files.exists(root):
        files.rm(root, recursive=True)


@pytest.fixture
def published(memory: str, bundle_folder: Path) -> str:
    Artifacts(bundle_folder.parent, memory).publish(bundle_folder.name)
    return memory


@pytest.fixture
def web(bundle_folder: Path) -> Iterator[str]:
    """The bundle's folder behind a web server of this test's own."""
    handler = functools.partial(Quiet, directory=str(bundle_folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def spoil(url: str, version: str, name: str, content: bytes) -> None:
    files, root = fsspec.url_to_fs(url)
    files.pipe_file(f"{root}/{version}/{name}", content)


def test_a_folder_alone_is_used_as_it_stands(bundle_folder: Path) -> None:
    artifacts = Artifacts(bundle_folder.parent)
    assert artifacts.folder_of(bundle_folder.name) == bundle_folder
    assert artifacts.versions() == [bundle_folder.name]
    artifacts.publish(bundle_folder.name)


def test_what_was_published_is_fetched_whole_and_scores_the_same(
    published: str, bundle_folder: Path, tmp_path: Path
) -> None:
    artifacts = Artifacts(tmp_path / "copies", published)
    assert artifacts.versions() == [bundle_folder.name]
    folder = artifacts.folder_of(bundle_folder.name)
    assert open_bundle(folder).score_one({"age": 40}) == open_bundle(bundle_folder).score_one({"age": 40})
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [bundle_folder.name]


def test_a_copy_that_is_here_needs_no_store(published: str, bundle_folder: Path, tmp_path: Path) -> None:
    Artifacts(tmp_path, published).folder_of(bundle_folder.name)
    files, root = fsspec.url_to_fs(published)
    files.rm(root, recursive=True)
    assert Artifacts(tmp_path, published).folder_of(bundle_folder.name).is_dir()


def test_a_damaged_copy_is_fetched_anew(published: str, bundle_folder: Path, tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path, published)
    (artifacts.folder_of(bundle_folder.name) / "deposit.txt").write_text("tree")
    assert open_bundle(artifacts.folder_of(bundle_folder.name)).version == bundle_folder.name


def test_a_file_changed_in_the_store_is_refused_and_nothing_of_it_stays(
    published: str, bundle_folder: Path, tmp_path: Path
) -> None:
    spoil(published, bundle_folder.name, "deposit.txt", b"tree")
    with pytest.raises(BundleError, match="SHA-256"):
        Artifacts(tmp_path, published).folder_of(bundle_folder.name)
    assert not list(tmp_path.iterdir())


def test_a_bundle_under_anothers_name_is_refused(published: str, bundle_folder: Path, tmp_path: Path) -> None:
    files, root = fsspec.url_to_fs(published)
    files.copy(f"{root}/{bundle_folder.name}", f"{root}/b-000000000000", recursive=True)
    with pytest.raises(BundleError, match=f"holds another bundle, {bundle_folder.name}"):
        Artifacts(tmp_path, published).folder_of("b-000000000000")


def test_a_version_that_the_store_lacks_is_not_found(memory: str, tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path, memory)
    with pytest.raises(NotFound, match="b-000000000000"):
        artifacts.folder_of("b-000000000000")
    assert not artifacts.holds("b-000000000000")
    assert artifacts.versions() == []


def test_bundles_come_from_a_web_server(web: str, bundle_folder: Path, tmp_path: Path) -> None:
    folder = Artifacts(tmp_path, web).folder_of(bundle_folder.name)
    assert (folder / "deposit.txt").read_bytes() == (bundle_folder / "deposit.txt").read_bytes()


def test_a_server_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="the artefact store does not serve"):
        Artifacts(tmp_path, "http://127.0.0.1:9").folder_of("b-000000000000")


@pytest.mark.parametrize("url", ["nonsense://store", "s3://bank/models"])
def test_a_kind_of_store_that_nobody_installed_is_named(url: str, tmp_path: Path) -> None:
    if url.startswith("s3") and shutil.which("python") and _has("s3fs"):
        pytest.skip("s3fs is installed here")
    with pytest.raises(BundleError, match=url.split(":", maxsplit=1)[0]):
        Artifacts(tmp_path, url).folder_of("b-000000000000")


def _has(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def test_the_setting_takes_a_folder_or_a_url() -> None:
    assert Settings.read({"FOURCAST_ARTIFACTS": "models"}).artifacts_url is None
    settings = Settings.read({"FOURCAST_ARTIFACTS": "s3://bank/models", "FOURCAST_STATE_DIR": "state"})
    assert settings.artifacts_url == "s3://bank/models"
    assert settings.artifacts.parent == Path("state")
    other = Settings.read({"FOURCAST_ARTIFACTS": "s3://other/models", "FOURCAST_STATE_DIR": "state"})
    assert other.artifacts != settings.artifacts


def test_a_password_in_the_url_is_not_shown() -> None:
    assert "secret" not in repr(Settings.read({"FOURCAST_ARTIFACTS": "ftp://u:secret@host/models"}))

"""Tracking: a real MLflow store in a SQLite file; runs, figures, files, and the names champion and challenger."""

import pytest

from service.cli.models.tracking import track_serving, track_training
from service.core.errors import InvalidInput
from service.runtime.config import Settings
from tests.training.tracking_database import rows
from training.tracking import CHALLENGER, CHAMPION, NotTracked, name_champion, record, version_named


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/runs.db"


def test_a_bundle_becomes_one_run_and_challenger_then_champion(uri, bundle_folder):
    assert record(uri, bundle_folder, passes=True) == record(uri, bundle_folder, passes=True) == "1"
    assert version_named(uri, CHALLENGER) == bundle_folder.name
    assert version_named(uri, CHAMPION) is None
    figures = dict(rows(uri, "select key, value from metrics"))
    assert figures["deposit.auc"] == 0.8
    assert ("seed",) in rows(uri, "select key from params")
    assert rows(uri, "select count(*) from runs") == [(1,)]
    name_champion(uri, bundle_folder)
    assert (version_named(uri, CHAMPION), version_named(uri, CHALLENGER)) == (bundle_folder.name, None)


def test_a_bundle_that_the_gate_refused_gets_no_name(uri, bundle_folder):
    record(uri, bundle_folder, passes=False)
    assert version_named(uri, CHALLENGER) is None


def test_a_server_that_is_away_is_a_sentence_and_no_failure(bundle_folder, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(NotTracked):
        record("http://127.0.0.1:9", bundle_folder, passes=True)
    track_training(
        Settings(artifacts=bundle_folder.parent, tracking_uri="http://127.0.0.1:9"), bundle_folder.name, True
    )
    assert "The tracking server was not told" in capsys.readouterr().err


def test_without_a_tracking_uri_nothing_is_told(bundle_folder, capsys):
    track_training(Settings(artifacts=bundle_folder.parent), bundle_folder.name, True)
    track_serving(Settings(artifacts=bundle_folder.parent), None)
    assert capsys.readouterr() == ("", "")


def test_file_stores_are_refused_by_the_settings():
    with pytest.raises(InvalidInput, match="TRACKING_URI"):
        Settings.read({"FOURCAST_TRACKING_URI": "file:./mlruns"})

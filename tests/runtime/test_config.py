"""Settings: read once, every problem at once, and no password in any message."""

from dataclasses import fields
from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from service.runtime.config import Settings, settings_table


def problems(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        Settings.read(environ)
    return {problem.where: problem.message for problem in refused.value.problems}


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.read({"PATH": "/bin"})
    assert settings == Settings()
    assert (settings.database_url, settings.host, settings.port) == (None, "127.0.0.1", 8000)
    assert (settings.policy / "catalogue.yaml").parent.name == "default"


def test_what_is_set_is_taken_and_an_empty_value_is_not_set() -> None:
    environ = {
        "FOURCAST_DATABASE_URL": "postgresql://u:p@db/x",
        "FOURCAST_REDIS_URL": "unix:///run/v.sock?db=0",
        "FOURCAST_STATE_DIR": "~/state",
        "FOURCAST_PORT": " 9000 ",
        "FOURCAST_WORKERS": "",
        "FOURCAST_LOG_LEVEL": "WARNING",
        "FOURCAST_RELEASE_POLL_SECONDS": "0.5",
    }
    settings = Settings.read(environ)
    assert settings.database_url == "postgresql://u:p@db/x"
    assert settings.state_dir == Path("~/state").expanduser()
    assert (settings.port, settings.workers, settings.log_level) == (9000, 2, "warning")
    assert settings.release_poll_seconds == 0.5


def test_every_problem_is_named_at_once() -> None:
    assert problems({"FOURCAST_PORT": "0", "FOURCAST_WORKERS": "1.9", "FOURCAST_LOG_LEVEL": "loud"}) == {
        "FOURCAST_PORT": 'must be a whole number from 1 to 65535, got "0"',
        "FOURCAST_WORKERS": 'must be a whole number from 1 to 256, got "1.9"',
        "FOURCAST_LOG_LEVEL": 'must be one of debug, info, warning, error, got "loud"',
    }


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "61", "x"])
def test_a_number_must_lie_in_its_range(value: str) -> None:
    assert "from 0.1 to 60" in problems({"FOURCAST_RELEASE_POLL_SECONDS": value})["FOURCAST_RELEASE_POLL_SECONDS"]


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant() -> None:
    found = problems({"FOURCAST_DATABSE_URL": "postgresql://u:secret@db/x"})
    assert found == {"FOURCAST_DATABSE_URL": "is no setting; did you mean FOURCAST_DATABASE_URL?"}


def test_other_variables_are_nobodys_business() -> None:
    assert Settings.read({"FOURCAST_KEY": "fck_x", "FOURCASTING": "1"}) == Settings()


@pytest.mark.parametrize("name", ["FOURCAST_DATABASE_URL", "FOURCAST_REDIS_URL"])
def test_a_password_is_never_shown(name: str) -> None:
    assert "secret" not in str(problems({name: "mysql://u:secret@db/x"}))
    scheme = "postgresql" if "DATABASE" in name else "redis"
    assert "secret" not in repr(Settings.read({name: f"{scheme}://u:secret@db/x"}))


def test_the_table_has_a_row_for_every_setting_with_meaning_and_range() -> None:
    rows = settings_table().splitlines()[2:]
    names = [row.split("`")[1] for row in rows]
    assert len(names) == len(set(names)) == len([one for one in fields(Settings) if one.metadata])
    assert "| `FOURCAST_PORT` | `8000` | 1 to 65535 | The port the service listens on. |" in rows
    assert all(cell.strip() for row in rows for cell in row.strip("|").split("|")[2:])

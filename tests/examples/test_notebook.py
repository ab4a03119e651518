"""The data scientist's notebook: it runs from top to bottom in a kernel of its own, and is kept without outputs."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "retrain.ipynb"
PATIENCE_SECONDS = 300
"""Per cell; on a quiet machine the whole takes about a twentieth of it."""


@pytest.fixture
def notebook() -> Any:
    found = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(found)
    return found


def run(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, in order; whatever the kernel and the cells write lies in the folder."""
    for name in ("TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(folder))
    NotebookClient(notebook, timeout=PATIENCE_SECONDS, resources={"metadata": {"path": str(folder)}}).execute()


def test_it_is_kept_without_outputs(notebook: Any) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []


def test_every_cell_runs_and_every_claim_of_the_notebook_holds(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(notebook, tmp_path, monkeypatch)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    shown = "".join(output.data.get("text/html", "") for cell in code for output in cell.outputs if "data" in output)
    assert "Calibration of deposit" in shown
    assert "Seed and digest" in shown


def test_a_claim_that_does_not_hold_fails_the_run(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.cells = [nbformat.v4.new_code_cell("assert 0.02 < 0.01, 'off the truth'")]
    with pytest.raises(CellExecutionError, match="off the truth"):
        run(notebook, tmp_path, monkeypatch)

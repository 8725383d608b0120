"""What numbers come from has one name everywhere, and naming it imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rodepil.config.origin import data_name, name_of_source
from rodepil.config.settings import DataSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.overview import read_dataset
from rodepil.io import tables


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (DataSettings(), "simulated recordings"),
        (DataSettings(source="tables"), "recordings in imported"),
        (DataSettings(source="tables", folder="/videos/lab 4"), "recordings in lab 4"),
    ],
)
def test_data_are_named_by_their_source(tmp_path: Path, data: DataSettings, name: str) -> None:
    settings = ProjectSettings(data=data)
    assert data_name(settings) == name
    raw = Workspace(tmp_path).raw
    tables.write("recordings", tables.from_rows("recordings", []), raw / "recordings.parquet")
    assert read_dataset(settings, Workspace(tmp_path)).data == name


def test_the_folder_here_is_named_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert name_of_source(Path()) == f"recordings in {tmp_path.name}"


def test_an_audit_wants_neither_networks_nor_a_cluster() -> None:
    code = (
        "import sys\n"
        "import rodepil.stages, rodepil.data.audit.items, rodepil.data.audit.run\n"
        "import rodepil.report.audit, rodepil.data.sources\n"
        "print([name for name in ('torch', 'ray', 'mlflow') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

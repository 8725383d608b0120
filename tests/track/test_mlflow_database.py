"""Databases that MLflow itself made, in an older version or read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from mlflow.store.tracking.dbmodels.initial_models import Base

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track import open_tracker
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.reading import read_runs

Open = Callable[[], MlflowTracker]

AGE = 30
"""How many migrations an old database lacks, tables among them."""

RUN = "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('r', 0, 'active')"


def make_old(path: Path) -> str:
    """Make a database by MLflow's own migrations up to an old one, and return its version."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.pool.NullPool)
    Base.metadata.create_all(engine)
    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations"
    config = Config()
    config.set_main_option("script_location", str(migrations))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, steps[AGE])
    return steps[AGE]


def asked(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(query).fetchall()
        database.commit()
    return rows


def schema(path: Path) -> list[tuple[object, ...]]:
    return asked(path, "SELECT name, sql FROM sqlite_master ORDER BY name")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return an old database that holds a run, and its version."""
    path = tmp_path_factory.mktemp("old") / "mlflow.db"
    version = make_old(path)
    asked(path, RUN)
    return path, version


def test_older_database_is_an_error_before_anything_starts_and_stays_as_it_is(
    old: tuple[Path, str],
) -> None:
    path, version = old
    before, workspace = schema(path), Workspace(path.parent)
    for use in (open_tracker, read_runs):
        with pytest.raises(TrackingError, match=f"mlflow db upgrade sqlite:///{path}") as refused:
            use(TrackSettings(), workspace, environ={})
        assert version in str(refused.value)
        assert "back it up" in str(refused.value)
    assert schema(path) == before
    assert asked(path, "SELECT version_num FROM alembic_version") == [(version,)]


def test_database_that_a_kill_left_half_made_is_made_whole(tmp_path: Path) -> None:
    make_old(tmp_path / "mlflow.db")
    tracker = MlflowTracker.open("sqlite:///mlflow.db", "rodepil", folder=tmp_path)
    tracker.start("fold-0").end()
    assert [run.name for run in tracker.runs()] == ["fold-0"]


@pytest.fixture
def mine(experiment: Open, home: Path, tmp_path: Path) -> Path:
    """Return a copy of a database of today with a run in it."""
    experiment().start("run").end()
    path = tmp_path / "mlflow.db"
    path.write_bytes((home / "mlflow.db").read_bytes())
    return path


def test_database_of_which_only_the_version_is_older_is_an_error(mine: Path) -> None:
    asked(mine, "UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(TrackingError, match="mlflow db upgrade sqlite:///"):
        open_tracker(TrackSettings(), Workspace(mine.parent), environ={})


def test_database_of_a_newer_version_is_an_error_that_says_what_to_install(mine: Path) -> None:
    asked(mine, "UPDATE alembic_version SET version_num = 'fffffffffff0'")
    with pytest.raises(TrackingError, match=r"newer MLflow.*pip install --upgrade mlflow"):
        open_tracker(TrackSettings(), Workspace(mine.parent), environ={})


def test_read_only_database_can_be_read_and_is_an_error_before_anything_is_recorded(
    mine: Path,
) -> None:
    with mine.open("r+b") as stream:
        stream.seek(18)  # a write version above 2 makes a file read-only (sqlite.org/fileformat2)
        stream.write(b"\x03")
    with pytest.raises(TrackingError, match=r"readonly database.*writable"):
        open_tracker(TrackSettings(), Workspace(mine.parent), environ={})
    settings = TrackSettings(experiment="Default")
    assert read_runs(settings, Workspace(mine.parent), environ={}).runs == ()


@pytest.mark.parametrize(
    ("place", "remedy"),
    [("results", "track.journal to false"), ("mlartifacts", "and its folder writable")],
)
def test_folder_that_can_not_be_written_is_an_error_before_anything_is_recorded(
    place: str, remedy: str, mine: Path
) -> None:
    (mine.parent / place).write_text("a file where the folder should be")
    with pytest.raises(TrackingError, match=remedy):
        open_tracker(TrackSettings(), Workspace(mine.parent), environ={})

"""One new MLflow database for all tests of a session: making one takes seconds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.track.mlflow_tracker import MlflowTracker

Open = Callable[[], MlflowTracker]


def pytest_configure(config: pytest.Config) -> None:
    # MLflow's own tables, under SQLAlchemy 2.1.
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader strategy is deprecated")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that holds the database."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="session")
def experiment(home: Path) -> Open:
    """Return a function that opens the database with an experiment of its own."""
    numbers = itertools.count()
    return lambda: MlflowTracker.open(
        "sqlite:///mlflow.db", f"experiment {next(numbers)}", folder=home
    )

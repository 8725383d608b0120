"""A project that was copied or moved, database and files together.

MLflow writes the whole path of each run's files into the database, so that a copy would write to
the files of the project that it was copied from.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import sqlalchemy
from sqlalchemy.pool import NullPool

from rodepil.track.mlflow_door import SQLITE

EXPERIMENTS = ("experiments", "artifact_location")
PLACES = (
    EXPERIMENTS,
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)
"""Tables and columns in which MLflow writes where files lie."""


def bring_along(uri: str, artifacts: Path) -> None:
    """Let runs of a project's database have their files in its own folder again.

    Nothing is changed where the database is no file of the project, or was not copied or moved
    with it.

    Parameters
    ----------
    uri
        The store.
    artifacts
        The folder of the project that holds files of runs.
    """
    database = Path(uri.removeprefix(SQLITE))
    project = artifacts.parent
    if not (uri.startswith(SQLITE) and database.is_file() and database.is_relative_to(project)):
        return
    engine = sqlalchemy.create_engine(uri, poolclass=NullPool)
    with engine.begin() as connection:
        there = sqlalchemy.inspect(connection)
        held = {table for table, _ in PLACES if there.has_table(table)}
        known = {
            place
            for place in PLACES
            if place[0] in held and place[1] in {one["name"] for one in there.get_columns(place[0])}
        }
        if EXPERIMENTS not in known:
            return
        table, column = EXPERIMENTS
        wanted = sqlalchemy.text(f"SELECT DISTINCT {column} FROM {table}")  # noqa: S608 - ours
        for former in connection.scalars(wanted).all():
            if _was_left(former or "", artifacts, database):
                for place in known:
                    _move(connection, place, former, artifacts.as_uri())


def _was_left(former: str, artifacts: Path, database: Path) -> bool:
    """Return whether a place is that of the project from which this one was copied or moved."""
    path = Path(url2pathname(urlsplit(former).path))
    if not former.startswith("file:") or path.name != artifacts.name or path == artifacts:
        return False
    twin = path.parent / database.relative_to(artifacts.parent)
    return not path.is_dir() or (twin.is_file() and not twin.samefile(database))


def _move(connection: sqlalchemy.Connection, place: tuple[str, str], former: str, now: str) -> None:
    table, column = place
    connection.execute(
        sqlalchemy.text(
            f"UPDATE {table} SET {column} = :now || substr({column}, :length + 1) "  # noqa: S608
            f"WHERE {column} = :former OR substr({column}, 1, :length + 1) = :former || '/'"
        ),
        {"now": now, "former": former, "length": len(former)},
    )

"""Whether a database can be MLflow's as it is, asked before MLflow opens it.

MLflow brings a database of an older version up to date by itself where tables are missing in it,
and refuses it where only columns are. A laboratory's runs are changed by nobody but their owner:
both are refused here, with what to do.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from rodepil.errors import TrackingError
from rodepil.track.mlflow_door import MIGRATIONS, SQLITE, shown_uri, talking_to

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
"""What MLflow talks to without a server between, by how the address begins."""


def check_database(uri: str, *, writing: bool) -> None:
    """Refuse a database of another version of MLflow, or one that can't be written.

    Parameters
    ----------
    uri
        The store. One that is no database or is not there yet is let through, and so is one
        without a run, which a kill may have left half made.
    writing
        Whether runs are to be recorded.

    Raises
    ------
    ServiceAway
        It can't be reached now, or is locked by another process.
    TrackingError
        It can't be used as it is.
    """
    is_file = uri.startswith(SQLITE)
    if uri.partition(":")[0].partition("+")[0] not in DATABASES:
        return
    if is_file and not Path(uri.removeprefix(SQLITE)).is_file():
        return
    with talking_to(uri):
        engine = sqlalchemy.create_engine(uri, poolclass=NullPool)
        with engine.connect() as database:
            _check_version(uri, database)
            if writing and is_file:
                database.exec_driver_sql("BEGIN IMMEDIATE")  # takes the lock for writing
                database.exec_driver_sql("ROLLBACK")


def _check_version(uri: str, database: sqlalchemy.Connection) -> None:
    if _first(database, "runs", "run_uuid") is None:
        return
    version = _first(database, "alembic_version", "version_num")
    there = ScriptDirectory(str(MIGRATIONS))
    head = there.get_current_head()
    if version == head:
        return
    found = f"the database {shown_uri(uri)} has MLflow's schema {version}, and {head}"
    if version is None or version in {step.revision for step in there.walk_revisions()}:
        raise TrackingError(
            f"{found} is wanted: it was made by an older MLflow; back it up, "
            f"then run: mlflow db upgrade {shown_uri(uri)}"
        )
    raise TrackingError(
        f"{found} is the newest that is known here: it was made by a newer MLflow; "
        "install that one: pip install --upgrade mlflow"
    )


def _first(database: sqlalchemy.Connection, table: str, column: str) -> str | None:
    """Return what stands in a column, None where there is no such table or nothing in it."""
    if not sqlalchemy.inspect(database).has_table(table):
        return None
    of: sqlalchemy.ColumnClause[str] = sqlalchemy.column(column)
    found = database.scalar(sqlalchemy.select(of).select_from(sqlalchemy.table(table, of)).limit(1))
    return None if found is None else str(found)

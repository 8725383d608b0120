"""The door to MLflow: the one module that imports it, quietly, with errors that help."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rodepil.errors import ServiceAway, TrackingError

SQLITE = "sqlite:///"
SERVED = ("http:", "https:", "databricks")

SERVER_FAULT, TOO_MANY, TOO_LATE, NOT_MADE = 500, 429, 408, 501
"""Of HTTP: from 500 on the server is at fault, with 429 or 408 it wants to be asked again later,
with 501 it never will."""

STORAGE = ("boto3", "botocore", "azure", "google")
"""Packages through which MLflow sends files to a server's storage; it lets their errors through."""

PACKAGES = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "azure": "azure-storage-blob",
    "google": "google-cloud-storage",
}
"""What to install for a module that is called otherwise: databases' drivers and storage."""

# Set where the user has not set otherwise.
QUIET = {
    # Runs hold a laboratory's unpublished work: nothing is told to MLflow's makers.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # MLflow's own 7 tries take minutes before a dead server is given up.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
logging.getLogger("alembic").setLevel(logging.WARNING)

# MLflow reads those variables while it is imported.
import mlflow  # noqa: E402 - the reason stands above
from mlflow import MlflowClient  # noqa: E402 - the same
from mlflow.entities import (  # noqa: E402 - the same
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException  # noqa: E402 - the same
from requests import RequestException  # noqa: E402 - it comes with MLflow
from sqlalchemy.exc import OperationalError, SQLAlchemyError  # noqa: E402 - the same

__all__ = [
    "MIGRATIONS",
    "SERVED",
    "SQLITE",
    "Dataset",
    "DatasetInput",
    "InputTag",
    "Metric",
    "MlflowClient",
    "MlflowException",
    "Param",
    "RunTag",
    "ViewType",
    "absolute_uri",
    "shown_uri",
    "talking_to",
]


MIGRATIONS = Path(mlflow.__file__).parent / "store" / "db_migrations"
"""The steps by which MLflow's databases became what they are, for alembic."""


def absolute_uri(uri: str, folder: Path) -> str:
    """Return `uri`, a relative SQLite path in it taken from `folder`.

    >>> absolute_uri("sqlite:///mlflow.db", Path("/lab/project"))
    'sqlite:////lab/project/mlflow.db'
    """
    if not uri.startswith(SQLITE):
        return uri
    return SQLITE + (folder / uri.removeprefix(SQLITE)).as_posix()


def shown_uri(uri: str) -> str:
    """Return an address without the name and password that may stand in it.

    >>> shown_uri("https://ann:secret@lab.example:5000")
    'https://lab.example:5000'
    """
    return re.sub(r"(?<=://)[^/]*@", "", uri)


@contextmanager
def talking_to(uri: str) -> Iterator[None]:
    """Turn what goes wrong with the store into an error that says what to do.

    Raises
    ------
    ServiceAway
        The server can't be reached, is at fault, or does not answer in time.
    TrackingError
        The store refused, or is not there, or a package that it needs is not installed.
    """
    try:
        yield
    except TrackingError:
        raise
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        raise TrackingError(
            f"MLflow at {shown_uri(uri)} needs the Python package {name}, which is not installed; "
            f"run: pip install {PACKAGES.get(name, name)}"
        ) from error
    except Exception as error:
        if not isinstance(error, (MlflowException, SQLAlchemyError, OSError)) and (
            type(error).__module__.partition(".")[0] not in STORAGE
        ):
            raise
        reason = str(error).strip().partition("\n")[0].replace(uri, shown_uri(uri))
        kind = ServiceAway if _is_away(uri, error) else TrackingError
        raise kind(f"MLflow at {shown_uri(uri)}: {reason}; {_remedy(uri, reason)}") from error


def _is_away(uri: str, error: Exception) -> bool:
    """Return whether the same may be taken later on."""
    if uri.startswith(SQLITE):
        return "database is locked" in str(error)
    if isinstance(error, MlflowException):
        # No connection and no answer in time stand as 500, MLflow's own fault.
        status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
    elif isinstance(error, RequestException):
        status = SERVER_FAULT if error.response is None else error.response.status_code
    elif isinstance(error, SQLAlchemyError):
        return isinstance(error, OperationalError)
    else:
        return not isinstance(error, OSError)
    at_fault = status >= SERVER_FAULT and status != NOT_MADE
    return uri.startswith(SERVED) and (at_fault or status in {TOO_MANY, TOO_LATE})


def _remedy(uri: str, reason: str) -> str:
    if "schema" in reason or "db upgrade" in reason:
        return f"back the database up, then run: mlflow db upgrade {shown_uri(uri)}"
    if uri.startswith(SQLITE):
        return "make the database and its folder writable, or move it away to begin a new one"
    if uri.startswith("http"):
        return (
            "start the server (mlflow server), correct MLFLOW_TRACKING_URI or track.uri, "
            "or unset both to use the project's own database"
        )
    return "set track.uri or MLFLOW_TRACKING_URI to sqlite:///mlflow.db or a server's http address"

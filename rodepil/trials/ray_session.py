"""A Ray to run trials on: the cluster of RAY_ADDRESS, or one on this machine that ends with us."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray

from rodepil.cluster import cpu_count
from rodepil.errors import TrialError
from rodepil.trials.limits import ADDRESS, LOCAL, Resources

__all__ = ["ADDRESS", "LOCAL", "Resources", "node_resources", "ray_session"]

KNOCK_S = 10.0
OBJECT_STORE_BYTES = 128 * 1024**2
"""Features go to workers by memory map and not through Ray, which would take 30 % of memory."""

QUICK = {
    # A trial of the demo lasts a minute: look at it four times a second and not every other one.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.25",
    # Ray Train's own metrics need a process more for each trial, and nothing here reads them.
    "RAY_TRAIN_METRICS_ENABLED": "0",
    # Ray Tune's own output and files: what comes of trials is recorded here.
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # Nothing is told to Ray's makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # What Ray's later versions do anyway; without it, it warns of the change.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set while a session is open, where the user has not set otherwise."""

ALONE = {
    # No node of a single machine is taken away in the middle; the watcher is a process a trial.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}
"""The same, for a session on this machine alone."""


@contextmanager
def ray_session(cpus: int | None = None) -> Iterator[Resources]:
    """Open Ray, yield what it has, and close it again, with all that still runs on it.

    A Ray that the caller has open already is used and left open; what runs on it when the block
    is interrupted ends with the caller's session.

    Parameters
    ----------
    cpus
        CPUs of this machine to use, by default all. A cluster has what it has.

    Raises
    ------
    TrialError
        Ray does not start, or RAY_ADDRESS leads nowhere.
    """
    if ray.is_initialized():
        with _environment(QUICK):
            yield _resources()
    elif os.environ.get(ADDRESS, LOCAL) != LOCAL:
        _knock(os.environ[ADDRESS])
        with _environment(QUICK), _connected():
            yield _resources()
    else:
        with _environment(QUICK | ALONE), _short_folder() as folder, _connected(folder, cpus):
            yield _resources()


def _resources() -> Resources:
    there: Resources = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray's own
    return {name: there[name] for name in ("CPU", "GPU") if name in there}


def node_resources() -> list[Resources]:
    """Return what each living node of the open Ray has."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]  # Ray's own
    return [node["Resources"] for node in nodes if node["Alive"]]


def _knock(address: str) -> None:
    """Refuse an address where nobody listens: Ray itself would try for many minutes.

    Raises
    ------
    TrialError
        Nobody listens there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return  # a word of Ray's own, such as auto, or nonsense, of which Ray says so at once
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()
    except (OSError, OverflowError) as error:
        raise _silent(f"at {ADDRESS}={address}", error) from error


def _silent(where: str, error: Exception) -> TrialError:
    """Return the error of a Ray that does not answer."""
    remedy = f"start it (ray start --head), correct {ADDRESS}, or unset it to use this machine"
    return TrialError(f"Ray {where} does not answer: {error}; {remedy}")


@contextmanager
def _connected(folder: Path | None = None, cpus: int | None = None) -> Iterator[None]:
    """Connect to RAY_ADDRESS, or start a Ray of this machine that keeps its files in `folder`."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    own: dict[str, Any] = {
        "address": LOCAL,  # never one that happens to run here
        "include_dashboard": False,
        "num_cpus": cpus or cpu_count(),
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder),
    }
    logging.getLogger("ray").setLevel(logging.ERROR)  # ray.init says where it connects before it
    try:
        ray.init(**quiet, **(own if folder else {}))
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        if folder is None:
            raise _silent(f"at {ADDRESS}={os.environ[ADDRESS]}", error) from error
        raise TrialError(
            f"Ray does not start on this machine: {error}; free memory and disk, and run it again"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _short_folder() -> Iterator[Path]:
    """Yield a new folder with a short path: the names of Ray's sockets may have 107 characters."""
    base = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 - mkdtemp makes a private folder
    folder = Path(tempfile.mkdtemp(prefix="rodepil-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that the user has not set, and unset them again."""
    ours = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)

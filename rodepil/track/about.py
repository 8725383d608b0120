"""What experiments are, in the journal, and which services were told of it.

A file for each experiment, beside the folders of runs, written whole::

    <journal>/experiments/<hash of the name>.json
    {"experiment": "rodepil/ablation", "text": "…", "told": ["MLflow http://lab:5000 17"]}

A service is named with what it calls the experiment: one that was thrown away and made anew was
not told. Processes of one project that write at once do so one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from filelock import FileLock

from rodepil.io.files import short_hash, write_json
from rodepil.track.layout import kept_name, writing
from rodepil.track.protocol import Tracker

FOLDER = "experiments"


class About(TypedDict):
    """One file."""

    experiment: str
    text: str
    told: list[str]


def write_about(journal: Path, experiment: str, text: str) -> None:
    """Keep what an experiment is; of another text than before no service was told.

    Parameters
    ----------
    journal
        The journal's folder.
    experiment, text
        The name, and what it is in Markdown.

    Raises
    ------
    TrackingError
        The folder can't be written.
    """
    with _alone(journal, experiment):
        kept = read_about(journal, experiment)
        if kept is None or kept["text"] != text:
            write_json(_path(journal, experiment), About(experiment=experiment, text=text, told=[]))


def read_about(journal: Path, experiment: str) -> About | None:
    """Return what is kept of an experiment, if anything."""
    path = _path(journal, experiment)
    if not path.is_file():
        return None
    about: About = json.loads(path.read_bytes())
    return about


def deliver_about(journal: Path, experiment: str, tracker: Tracker) -> int:
    """Tell a service what its experiment is, and return 1; 0 if it was told before.

    Raises
    ------
    ServiceAway
        The service can't be reached now.
    TrackingError
        The service refuses, or the folder can't be written.
    """
    about = read_about(journal, experiment)
    whole = f"{tracker} {tracker.experiment_id}"
    service = kept_name(journal, whole)
    if about is None or {service, whole} & {*about["told"]}:
        return 0
    tracker.describe(about["text"])
    with _alone(journal, experiment):
        now = read_about(journal, experiment)
        if now and now["text"] == about["text"]:  # another text was not told
            told = sorted({*now["told"], service})
            write_json(_path(journal, experiment), {**now, "told": told})
    return 1


def described(journal: Path) -> list[str]:
    """Return the names of the experiments that something is kept of, sorted."""
    files = (journal / FOLDER).glob("[!.]*.json")
    return sorted(json.loads(path.read_bytes())["experiment"] for path in files)


@contextmanager
def _alone(journal: Path, experiment: str) -> Iterator[None]:
    """Keep other processes from writing the file."""
    path = _path(journal, experiment)
    with writing(path), FileLock(path.with_name(f".{path.stem}.lock")):
        yield


def _path(journal: Path, experiment: str) -> Path:
    return journal / FOLDER / f"{short_hash(experiment)}.json"

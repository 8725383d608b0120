"""What experiments are, in the journal, and which services were told of it.

A file for each experiment, beside the folders of runs, written whole::

    <journal>/experiments/<hash of the name>.json
    {"experiment": "rodepil/ablation", "text": "…", "told": ["MLflow http://lab:5000"]}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

from rodepil.errors import TrackingError
from rodepil.io.files import short_hash, write_json
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
    kept = read_about(journal, experiment)
    if kept and kept["text"] == text:
        return
    try:
        write_json(_path(journal, experiment), About(experiment=experiment, text=text, told=[]))
    except OSError as error:
        raise TrackingError(
            f"the journal can't write to {journal} ({error}); "
            "free space or make it writable, or set track.journal to false"
        ) from error


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
        The service refuses.
    """
    about = read_about(journal, experiment)
    if about is None or str(tracker) in about["told"]:
        return 0
    tracker.describe(about["text"])
    about["told"].append(str(tracker))
    write_json(_path(journal, experiment), about)
    return 1


def described(journal: Path) -> list[str]:
    """Return the names of the experiments that something is kept of, sorted."""
    files = (journal / FOLDER).glob("[!.]*.json")
    return sorted(json.loads(path.read_bytes())["experiment"] for path in files)


def _path(journal: Path, experiment: str) -> Path:
    return journal / FOLDER / f"{short_hash(experiment)}.json"

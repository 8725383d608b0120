"""How the journal keeps a registered model until services are told of it.

Its files lie in the run's folder, and its line names them by their digest.
"""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path

from rodepil.errors import TrackingError
from rodepil.io.files import link_or_copy, publish
from rodepil.track.events import EVENTS, Event, read_events
from rodepil.track.layout import writing
from rodepil.track.registration import Registration

MODELS = "models"
"""The folder of a run that holds what was registered from it."""


def keep(journal: Path, run_id: str, model: Registration) -> Event | None:
    """Lay a model's files into the journal, and return the line that tells of it.

    Parameters
    ----------
    journal
        The journal's folder.
    run_id
        The run that the model comes from.
    model
        What is registered; None is returned where it already is.

    Raises
    ------
    TrackingError
        The journal can't be written.
    """
    line: Event = {
        "kind": "model", "name": model.name, "alias": model.alias, "digest": model.digest,
        "description": model.description,
    }  # fmt: skip
    if _last(journal, model.name) == (run_id, line):
        return None
    folder = journal / run_id / MODELS / model.digest
    if not folder.is_dir():
        with model.files() as made:
            _lay(made, folder)
    return line


def kept(journal: Path, run_id: str, event: Event) -> Registration:
    """Return what a line tells of.

    Raises
    ------
    TrackingError
        The files are gone.
    """
    folder = journal / run_id / MODELS / event["digest"]
    if not folder.is_dir():
        raise TrackingError(f"{folder} is gone; register {event['name']} again")
    return Registration(
        name=event["name"],
        alias=event["alias"],
        digest=event["digest"],
        description=event["description"],
        files=lambda: nullcontext(folder),
    )


def _lay(made: Path, folder: Path) -> None:
    with writing(folder), publish(folder) as beside:
        shutil.copytree(made, beside, copy_function=link_or_copy)


def _last(journal: Path, name: str) -> tuple[str, Event] | None:
    """Return the last line that registered a model of that name, and its run."""
    found: list[tuple[float, str, Event]] = []
    for path in journal.glob(f"*/{EVENTS}"):
        if b'"kind": "model"' not in path.read_bytes():
            continue
        for event in read_events(path):
            if event["kind"] == "model" and event["name"] == name:
                line = {key: event[key] for key in event if key not in {"seq", "time"}}
                found.append((event["time"], path.parent.name, line))
    last = max(found, key=lambda entry: entry[0], default=None)
    return last and last[1:]

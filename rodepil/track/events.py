"""The lines of a run's journal: how they are read, and what they say of the run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from rodepil.track.layout import figure_path, table_path
from rodepil.track.protocol import RunFacts, State

EVENTS = "events.jsonl"

Event = dict[str, Any]
"""One line: ``seq``, ``time`` and ``kind``, and what the kind holds."""


def read_events(path: Path, start: int = 0) -> list[Event]:
    """Return the whole lines of a run's journal, in the order they were written.

    Lines of before there were numbers get theirs here.

    Parameters
    ----------
    path
        The file; one that is not there has no lines.
    start
        The byte from which on to read.
    """
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        stream.seek(start)
        held = stream.read()
    events: list[Event] = []
    for line in held.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the end of a line that a kill cut off
        events.append({"seq": events[-1]["seq"] + 1 if events else 0} | event)
    return events


def first_event(path: Path) -> Event | None:
    """Return the first whole line of a run's journal, without reading the others if it is whole."""
    with path.open(encoding="utf-8") as lines:
        try:
            event: Event = json.loads(lines.readline())
        except json.JSONDecodeError:
            events = read_events(path)
            return events[0] if events else None
    return {"seq": 0} | event


def facts_of(run_id: str, events: Sequence[Event]) -> RunFacts:
    """Return what a run's lines, at least one, say of it."""
    first = events[0]
    tags: dict[str, str] = {}
    settings: dict[str, str] = {}
    metrics: dict[str, tuple[int, float]] = {}
    status: State = "running"
    end_s: float | None = None
    for event in events:
        kind = event["kind"]
        if kind == "tags":
            tags |= event["values"]
        elif kind == "settings":
            settings |= {key: text_of(value) for key, value in event["values"].items()}
        elif kind == "metrics":
            for key, value in event["values"].items():
                if event["step"] >= metrics.get(key, (event["step"], 0.0))[0]:
                    metrics[key] = (event["step"], float(value))
        elif kind == "end":
            status, end_s = event["status"], event["time"]
        elif kind == "resume":
            status, end_s = "running", None
    return RunFacts(
        id=run_id,
        name=first.get("name", ""),
        status=status,
        start_s=first["time"],
        end_s=end_s,
        parent=first.get("parent"),
        key=first.get("key"),
        experiment=first.get("experiment", ""),
        tags=tags,
        settings=settings,
        metrics={key: value for key, (_, value) in metrics.items()},
    )


def history_of(events: Sequence[Event]) -> list[tuple[int, dict[str, float]]]:
    """Return each step of a run's lines and its numbers by name, in the order of steps."""
    steps: dict[int, dict[str, float]] = {}
    for event in events:
        if event["kind"] == "metrics":
            values = {key: float(value) for key, value in event["values"].items()}
            steps.setdefault(event["step"], {}).update(values)
    return sorted(steps.items())


def place_of_file(event: Event) -> PurePosixPath:
    """Return where a run holds what a line of a file, table or figure is of."""
    if event["kind"] == "file":
        return PurePosixPath(event["folder"], Path(event["path"]).name)
    if event["kind"] == "table":
        return PurePosixPath(table_path(event["name"]))
    return PurePosixPath(figure_path(event["name"]))


def text_of(value: object) -> str:
    """Return a setting as text, the same everywhere."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

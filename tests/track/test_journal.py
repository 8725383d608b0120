"""The journal: whole lines that hold what happened."""

from __future__ import annotations

import hashlib
import itertools
import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

from rodepil.errors import TrackingError
from rodepil.track.dataset import Dataset
from rodepil.track.journal import Journal, read_events


def lines(journal: Journal, run_id: str) -> list[dict[str, object]]:
    """Return the run's lines without their numbers, times and keys."""
    text = (journal.folder / run_id / "events.jsonl").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    marks = ("seq", "time", "key")
    return [{key: value for key, value in event.items() if key not in marks} for event in events]


def test_every_event_is_a_line_with_its_time(tmp_path: Path) -> None:
    ticks = itertools.count(100)
    journal = Journal(tmp_path, clock=lambda: float(next(ticks)))
    run = journal.start("fold-0", parent="p", tags={"control": "none"})
    run.settings({"train": {"epochs": 2}})
    run.metrics({"loss": 1, "f1": float("nan")}, step=3)
    run.end("failed")
    assert lines(journal, run.id) == [
        {"kind": "start", "name": "fold-0", "parent": "p"},
        {"kind": "tags", "values": {"control": "none"}},
        {"kind": "settings", "values": {"train.epochs": 2}},
        {"kind": "metrics", "step": 3, "values": {"loss": 1.0, "f1": "nan"}},
        {"kind": "end", "status": "failed"},
    ]
    times = [event["time"] for event in read_events(tmp_path / run.id / "events.jsonl")]
    assert times == [100.0, 101.0, 102.0, 103.0, 104.0]


def test_tables_and_figures_lie_beside_and_files_are_named_by_digest(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "project" / "results" / "journal")
    model, foreign = tmp_path / "project" / "model.bin", tmp_path / "model.bin"
    model.parent.mkdir()
    for path in (model, foreign):
        path.write_bytes(b"weights")
    table = pa.table({"score": [1 / 3]})
    run = journal.start("run")
    run.table("predictions", table)
    run.figure("roc", Figure())
    run.file(model, "model")
    run.file(foreign, "foreign")
    folder = journal.folder / run.id
    assert pq.read_table(folder / "tables" / "predictions.parquet").equals(table)
    assert (folder / "figures" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert lines(journal, run.id)[-2:] == [
        {
            "kind": "file",
            "path": path,
            "folder": folder,
            "sha256": hashlib.sha256(b"weights").hexdigest(),
        }
        for path, folder in (("model.bin", "model"), (str(foreign), "foreign"))
    ]


def test_resumed_run_holds_nothing_twice(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = journal.start("fold-0", tags={"trial_id": "x"})
    first.settings({"epochs": 3})
    first.metrics({"loss": 0.5}, step=0)
    again = journal.start("fold-0", tags={"trial_id": "x"}, resume=first.id)
    again.settings({"epochs": 3, "seed": 0})
    again.metrics({"loss": 0.9}, step=0)
    again.metrics({"loss": 0.4}, step=1)
    assert again.id == first.id
    assert lines(journal, first.id)[4:] == [
        {"kind": "resume"},
        {"kind": "settings", "values": {"seed": 0}},
        {"kind": "metrics", "step": 1, "values": {"loss": 0.4}},
    ]


def test_words_and_tables_that_change_back_are_recorded_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    run = journal.start("fold-0")
    for state in ("a", "b", "b", "a"):
        run.tags({"state": state, "same": "x"})
        run.table("scores", pa.table({"state": [state]}))
    told = [event for event in journal.events(run.id) if event["kind"] == "tags"]
    assert [event["values"] for event in told] == [
        {"state": "a", "same": "x"}, {"state": "b"}, {"state": "a"}
    ]  # fmt: skip
    assert [event["kind"] for event in journal.events(run.id)].count("table") == 3


def test_dataset_is_a_line_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    train = Dataset("clips", "0123", "data/clips.parquet", "training", {"clips": 2}, {"view": "v"})
    run = journal.start("fold-0")
    run.dataset(train)
    again = journal.start("fold-0", resume=run.id)
    again.dataset(train)
    again.dataset(replace(train, digest="4567"))
    held = [line for line in lines(journal, run.id) if line["kind"] == "dataset"]
    assert held == [
        {
            "kind": "dataset", "name": "clips", "digest": digest, "source": "data/clips.parquet",
            "context": "training", "profile": {"clips": 2}, "tags": {"view": "v"},
        }
        for digest in ("0123", "4567")
    ]  # fmt: skip


def test_runs_of_the_journal_say_what_they_hold(tmp_path: Path) -> None:
    ticks = itertools.count(100)
    journal = Journal(tmp_path, clock=lambda: float(next(ticks)), experiment="grid")
    parent = journal.start("cross-validation")
    run = journal.start("fold-0", parent=parent.id, tags={"data": "real"})
    run.settings({"train": {"epochs": 2}})
    run.metrics({"loss": 0.5}, step=1)
    run.metrics({"loss": 0.7}, step=0)
    run.end("killed")
    fold, of = journal.runs()
    assert (fold.name, fold.status, fold.parent) == ("fold-0", "killed", parent.id)
    assert (of.status, of.start_s, of.end_s) == ("running", 100.0, None)
    assert (fold.start_s, fold.end_s) == (101.0, 106.0)
    assert (fold.tags, fold.settings) == ({"data": "real"}, {"train.epochs": "2"})
    assert fold.metrics == {"loss": 0.5}
    assert Journal(tmp_path, experiment="other").runs() == []


def test_line_that_a_kill_cut_off_costs_no_other_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    run = journal.start("fold-0")
    run.metrics({"loss": 0.5}, step=0)
    events = tmp_path / run.id / "events.jsonl"
    events.write_bytes(events.read_bytes() + b'{"time": 1, "kind": "met')
    journal.start("fold-0", resume=run.id).metrics({"loss": 0.4}, step=1)
    kept = [event for event in read_events(events) if event["kind"] == "metrics"]
    assert [(event["step"], event["values"]) for event in kept] == [
        (0, {"loss": 0.5}),
        (1, {"loss": 0.4}),
    ]


def test_two_processes_that_go_on_in_one_run_lose_no_line(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rodepil.track.journal import Journal;"
        "run = Journal(Path(sys.argv[1])).start('fold-0', resume='r');"
        "print('ready', flush=True); sys.stdin.readline();"
        "[run.metrics({sys.argv[2]: 1.0, f'of {sys.argv[2]}': 2.0}, s) for s in range(150)];"
        "[run.settings({f's{s}': s}) for s in range(50)]"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("a", "b")
    ]  # fmt: skip
    for process in both:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.communicate("go\n", timeout=120)
    assert [process.returncode for process in both] == [0, 0]
    text = (tmp_path / "r" / "events.jsonl").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["seq"] for event in events] == [*range(len(events))]
    kinds = [event["kind"] for event in events]
    assert (kinds.count("start"), kinds.count("resume"), kinds.count("metrics")) == (1, 1, 300)
    told = [key for event in events if event["kind"] == "settings" for key in event["values"]]
    assert sorted(told) == sorted(f"s{number}" for number in range(50))


def test_line_that_a_full_disk_cut_off_is_an_error_and_costs_no_other_line(tmp_path: Path) -> None:
    run = Journal(tmp_path).start("fold-0")
    events = tmp_path / run.id / "events.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As on a full disk, what fits is written, and then nothing.
    resource.setrlimit(resource.RLIMIT_FSIZE, (events.stat().st_size + 20, hard))
    try:
        with pytest.raises(TrackingError, match=r"free space.*track\.journal to false"):
            run.metrics({"loss": 0.5}, step=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not events.read_bytes().endswith(b"\n")
    run.metrics({"loss": 0.5}, step=0)
    run.metrics({"loss": 0.4}, step=1)
    kept = read_events(events)
    assert [event["seq"] for event in kept] == [0, 1, 2]
    assert [event["step"] for event in kept[1:]] == [0, 1]


def test_run_whose_folder_is_gone_is_not_made_anew_by_its_next_line(tmp_path: Path) -> None:
    run = Journal(tmp_path).start("fold-0")
    (tmp_path / run.id).rename(tmp_path / "elsewhere")
    with pytest.raises(TrackingError, match="events"):
        run.metrics({"loss": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]


def test_run_that_is_not_there_is_not_known(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert not journal.knows("nothing")
    assert journal.knows(journal.start("run", resume="given").id)


def test_folder_that_can_not_be_written_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    with pytest.raises(TrackingError, match=r"track\.journal to false"):
        Journal(tmp_path / "journal").start("run")

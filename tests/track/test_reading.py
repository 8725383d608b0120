"""What trackers are asked: which runs have some tags, their numbers and their files."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.utils import validation

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway, TrackingError
from rodepil.track import Tracker, open_services
from rodepil.track.about import deliver_about, read_about, write_about
from rodepil.track.journal import Journal
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.protocol import RunFacts
from rodepil.track.reading import find_run
from rodepil.track.relay import Relay
from rodepil.track.sync import sync
from rodepil.track.tee import tee
from tests.track.notebook import Notebook

Named = Callable[[str], Tracker]

WAYS = ("mlflow", "journal", "relay", "tee")
TABLE = pa.table({"score": [0.1 + 0.2, 1 / 3]})
ODD = (
    "O'Brien", 'say "x"', "'\"", "back\\slash", "50 %_", "two\nlines", "a; b -- c", "ä`β", "",
    " x ", "x" * 9000,
)  # fmt: skip


@pytest.fixture(params=WAYS)
def named(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Named:
    """Return a function that opens a tracker's experiment of a name that no other test has."""
    number = next(NUMBERS)

    def opened(name: str) -> Tracker:
        of = f"{request.param} {number} {name}"
        journal = Journal(tmp_path / "journal", experiment=of)
        if request.param == "journal":
            return journal
        mlflow = MlflowTracker.open("sqlite:///mlflow.db", of, folder=home)
        if request.param == "relay":
            return Relay(journal, [lambda: mlflow], pause_s=0.0)
        return tee([mlflow, journal]) if request.param == "tee" else mlflow

    return opened


NUMBERS = itertools.count()


def test_runs_are_found_whose_tags_are_all_equal_to_the_letter_the_last_first(named: Named) -> None:
    tracker = named("a")
    ids = [tracker.start("run", tags={"of": "a", "odd": odd}).id for odd in ODD]
    tracker.start("other", tags={"of": "b", "odd": ODD[0]})
    for run_id, odd in zip(ids, ODD, strict=True):
        assert [run.id for run in tracker.find({"of": "a", "odd": odd})] == [run_id]
    assert [run.id for run in tracker.find({"of": "a"})] == ids[::-1]
    assert tracker.find({"of": "A"}) == []
    assert tracker.find({"nothing": "a"}) == []


def test_runs_are_looked_for_in_the_experiment_or_everywhere(named: Named) -> None:
    here, there = named("here"), named("there")
    mark = {"mark": str(next(NUMBERS))}
    runs = [there.start("there", tags=mark), here.start("here", tags=mark)]
    assert [run.id for run in here.find(mark)] == [runs[1].id]
    found = here.find(mark, everywhere=True)
    assert [run.id for run in found] == [run.id for run in reversed(runs)]
    assert [run.experiment.split()[-1] for run in found] == ["here", "there"]


def test_runs_of_experiments_below_are_told_where_it_is_asked_for(named: Named) -> None:
    grid, above = named("lab"), named("lab/grid")
    other = named("laboratory")
    for tracker in (grid, above, other):
        tracker.start("run").end()
    assert len(grid.runs()) == 1
    below = [run.experiment.split()[-1] for run in grid.runs(below=True)]
    assert sorted(below) == ["lab", "lab/grid"]


def test_history_is_every_step_with_its_numbers(named: Named) -> None:
    tracker = named("a")
    run = tracker.start("run")
    run.metrics({"loss": 1 / 3, "f1": 0.5}, 1)
    run.metrics({"loss": 0.1 + 0.2}, 0)
    assert [*tracker.history(run.id)] == [
        (0, {"loss": 0.1 + 0.2}), (1, {"loss": 1 / 3, "f1": 0.5})
    ]  # fmt: skip
    with pytest.raises(TrackingError, match="nothing"):
        tracker.history("nothing")


def test_fetched_file_is_whole_and_a_missing_one_leaves_nothing(
    named: Named, tmp_path: Path
) -> None:
    tracker = named("a")
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights" * 1000)
    run = tracker.start("run")
    run.table("scores", TABLE)
    run.file(model, "model")
    run.file(model)
    to = tmp_path / "to" / "there"
    for path in ("model/model.bin", "model.bin"):
        tracker.fetch(run.id, path, to)
        assert (
            hashlib.sha256(to.read_bytes()).digest() == hashlib.sha256(model.read_bytes()).digest()
        )
    tracker.fetch(run.id, "tables/scores.parquet", to)
    assert pq.read_table(to).equals(TABLE)
    for missing in ("tables/others.parquet", "tables", "nowhere/model.bin"):
        with pytest.raises(TrackingError, match=f"no file '{missing}'"):
            tracker.fetch(run.id, missing, tmp_path / "to" / "missing")
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["there"]


def test_file_that_was_replaced_is_not_fetched_from_the_journal(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    journal = Journal(tmp_path / "journal")
    run = journal.start("run")
    run.file(model, "model")
    model.write_bytes(b"another")
    with pytest.raises(TrackingError, match="replaced since"):
        journal.fetch(run.id, "model/model.bin", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_later_description_takes_the_place_of_the_earlier_one(home: Path, tmp_path: Path) -> None:
    mlflow = MlflowTracker.open("sqlite:///mlflow.db", "described", folder=home)
    journal = Journal(tmp_path, experiment="described")
    tracker = Relay(journal, [lambda: mlflow])
    run = tracker.start("run")
    for text in ("# One", "# Two", "# Two"):
        run.describe(text)
        tracker.describe(f"{text} of all")
    tracker.describe("x" * 21_000)
    client = MlflowClient(mlflow.uri)
    assert client.get_run(run.id).data.tags["mlflow.note.content"] == "# Two"
    about = client.get_experiment(mlflow.experiment_id).tags["mlflow.note.content"]
    assert len(about) == 20_000 == validation.MAX_EXPERIMENT_TAG_VAL_LENGTH
    assert about.endswith("(21000 characters)")
    told = [event["text"] for event in journal.events(run.id) if event["kind"] == "description"]
    assert told == ["# One", "# Two"]


def test_description_is_cut_further_for_a_server_of_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "MAX_EXPERIMENT_TAG_VAL_LENGTH", 5_000)
    mlflow = MlflowTracker.open("sqlite:///mlflow.db", "described before", folder=home)
    mlflow.describe("x" * 9000)
    about = MlflowClient(mlflow.uri).get_experiment(mlflow.experiment_id).tags
    assert len(about["mlflow.note.content"]) == 5_000


def test_description_is_told_again_where_the_experiment_was_made_anew(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook")
    notebook.folder.mkdir()
    about, told = notebook.folder / "about.md", []
    for made in ("1", "1", "2"):
        (notebook.folder / "experiment").write_text(made)
        about.unlink(missing_ok=True)
        Relay(Journal(tmp_path / "journal"), [lambda: notebook]).describe("# Grid")
        told.append(about.is_file())
    assert told == [True, False, True]


def test_what_another_process_writes_while_a_description_is_told_is_not_lost(
    tmp_path: Path,
) -> None:
    """First another service is told, and then there is another text."""
    other = Notebook(tmp_path / "other")

    class Slow(Notebook):
        def describe(self, markdown: str) -> None:
            meanwhile.pop()()
            super().describe(markdown)

        def __str__(self) -> str:
            return "slow"

    slow = Slow(tmp_path / "slow")
    meanwhile: list[Callable[[], object]] = [
        lambda: None,
        lambda: write_about(tmp_path, "grid", "# Two"),
        lambda: deliver_about(tmp_path, "grid", other),
    ]
    write_about(tmp_path, "grid", "# One")
    assert deliver_about(tmp_path, "grid", slow) == 1
    assert deliver_about(tmp_path, "grid", slow) == 0
    assert deliver_about(tmp_path, "grid", other) == 0
    write_about(tmp_path, "grid", "# Three")
    assert deliver_about(tmp_path, "grid", slow) == 1
    assert (slow.folder / "about.md").read_text() == "# Three"
    about = read_about(tmp_path, "grid")
    assert about is not None
    assert about["text"] == "# Two"
    assert deliver_about(tmp_path, "grid", slow) == 1
    assert (slow.folder / "about.md").read_text() == "# Two"


def test_descriptions_that_a_service_missed_are_delivered_when_it_is_back(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook", [ServiceAway])
    relay = Relay(Journal(tmp_path / "journal"), [lambda: notebook], lambda _: None, 0.0)
    relay.describe("# Grid")
    run = relay.start("row")
    run.describe("# Row")
    notebook.locks.clear()
    run.end()
    assert (notebook.folder / "about.md").read_text() == "# Grid"
    assert [page.tags["description"] for page in notebook.runs()] == ["# Row"]


def test_description_of_an_experiment_without_a_run_comes_with_sync_and_once(
    tmp_path: Path,
) -> None:
    workspace, settings = Workspace(tmp_path), TrackSettings(services=("notebook",))
    Journal(workspace.results / "journal", experiment="rodepil/grid").describe("# Grid")
    assert [synced.events for synced in sync(settings, workspace, environ={})] == [1]
    assert (tmp_path / "notebook" / "about.md").read_text() == "# Grid"
    assert [synced.events for synced in sync(settings, workspace, environ={})] == [0]


def test_run_that_the_service_was_not_told_of_is_found_beside_those_that_it_holds(
    tmp_path: Path,
) -> None:
    notebook = Notebook(tmp_path / "notebook")
    relay = Relay(Journal(tmp_path / "journal"), [lambda: notebook], lambda _: None, 0.0)
    tags = {"trial_id": "t"}
    relay.start("told", tags=tags).end()
    notebook.locks.append(ServiceAway)
    late = relay.start("late", tags=tags)
    late.metrics({"loss": 0.5}, 0)
    assert {run.name for run in relay.find(tags)} == {"told", "late"}
    notebook.locks.clear()
    assert [run.name for run in relay.find(tags)] == ["late", "told"]
    late.end()
    found = relay.find(tags)
    assert [run.name for run in found] == ["late", "told"]
    assert found[0].id == late.id != "page-1"
    assert [*relay.history(late.id)] == [(0, {"loss": 0.5})]
    (notebook.folder / "page-1.json").unlink()
    assert [run.name for run in relay.find(tags)] == ["told"]


def test_experiment_that_only_others_are_below_has_no_run_of_its_own(home: Path) -> None:
    MlflowTracker.open("sqlite:///mlflow.db", "only/grid", folder=home).start("row").end()
    above = MlflowTracker.open("sqlite:///mlflow.db", "only", folder=home, make=False)
    assert above.runs() == []
    assert [run.experiment for run in above.runs(below=True)] == ["only/grid"]
    near = MlflowTracker.open("sqlite:///mlflow.db", "onl", folder=home, make=False)
    for below in (False, True):
        with pytest.raises(TrackingError, match="has no experiment 'onl'"):
            near.runs(below=below)


def test_services_opened_to_be_read_make_nothing_and_find_runs_of_other_experiments(
    home: Path, tmp_path: Path
) -> None:
    mark = {"trial_id": "read only"}
    run = MlflowTracker.open("sqlite:///mlflow.db", "elsewhere", folder=home).start("a", tags=mark)
    workspace = Workspace(tmp_path)
    settings = TrackSettings(uri=f"sqlite:///{home}/mlflow.db", experiment="not there yet")
    reader = open_services(settings, workspace, environ={}, make=False)
    assert [found.id for found in reader.find(mark, everywhere=True)] == [run.id]
    assert reader.find(mark) == []
    assert not reader.knows(run.id)
    assert MlflowClient(settings.uri).get_experiment_by_name("not there yet") is None
    with pytest.raises(TrackingError, match="is not there"):
        open_services(TrackSettings(), workspace, environ={}, make=False)
    assert [*tmp_path.iterdir()] == []


def test_run_is_found_by_its_whole_name_before_the_beginnings_of_ids() -> None:
    row = RunFacts("abc1", "row", "finished", 0.0)
    fold = RunFacts("abc2", "row/fold-0", "finished", 0.0, tags={"trial_id": "row-of-ids"})
    assert find_run("row", (fold, row)) is row
    assert find_run("row/fold-0", (fold, row)) is fold
    assert find_run("row-of", (fold, row)) is fold
    with pytest.raises(TrackingError, match=r"several runs: abc2 \(row/fold-0\), abc1 \(row\)"):
        find_run("abc", (fold, row))

"""From a run back to the bytes of its recordings, with the store or without it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rodepil.config.workspace import Workspace
from rodepil.errors import FeatureError, TableError, TrialError
from rodepil.io import tables
from rodepil.store import snapshot
from rodepil.store.know import lineage
from rodepil.store.know.lineage import FILE
from rodepil.trials.folder import Finished, RunRecord, TrialFolder
from rodepil.trials.lineage import find_run, keep_lineage
from rodepil.trials.plan import Plan, make_plan
from rodepil.trials.trace import trace_run
from tests.store.know.conftest import Small


def plan(project: Small) -> Plan:
    model = project.settings.model.model_copy(update={"pretrained": "none"})
    settings = project.settings.model_copy(update={"model": model})
    return make_plan(settings, project.workspace)


def record(project: Small) -> Plan:
    """Record a cross-validation's start, as if a tracker had given ids to its runs."""
    made = plan(project)
    keep_lineage(made, project.workspace)
    made.folder.write_run(RunRecord(run_id="feed" * 8))
    for number, trial in enumerate(made.trials):
        trial.folder.write_run(RunRecord(run_id=f"{number}" * 32))
    return made


def test_every_clip_goes_back_to_its_recording(project: Small) -> None:
    made = record(project)
    rows, origin = lineage.read(made.folder.path / FILE)
    view = project.asked.view("frames")
    assert origin.snapshot == snapshot.digest("frames", project.asked.features)
    assert origin.view.identity == made.digests["view"] == view.identity()
    assert set(origin.trials) == {trial.id for trial in made.trials}
    assert rows.num_rows == 16
    for row in rows.to_pylist():
        clip = project.clips.rows[row["clip_id"]]
        assert row["key"] == view.key(str(clip["sha256"]))
        assert row["clip_sha256"] == clip["sha256"]
        assert row["recording_sha256"] == project.asked.recordings[str(clip["recording_id"])]
        assert (row["start_frame"], row["end_frame"]) == (clip["start_frame"], clip["end_frame"])


def test_a_run_is_found_by_any_of_its_names_and_their_beginnings(project: Small) -> None:
    made = record(project)
    path = made.folder.path / FILE
    first = made.trials[0].id
    for named in (
        first, first[:8], made.group, made.group[:8], f"group_{made.group[:6]}", "feedfeed",
        "0" * 32, "1" * 10,
    ):  # fmt: skip
        assert find_run(named, project.workspace).path == path


def test_a_name_of_no_run_or_of_several_is_refused(project: Small) -> None:
    made = record(project)
    with pytest.raises(TrialError, match="no run is called 'zz'"):
        find_run("zz", project.workspace)
    with pytest.raises(TrialError, match="no run is called ''"):
        find_run("", project.workspace)
    other = project.workspace.trials / "group_other"
    shutil.copytree(made.folder.path, other)
    with pytest.raises(TrialError, match=r"'feed' stands for several runs.*more of the id"):
        find_run("feed", project.workspace)
    shutil.rmtree(other)
    TrialFolder(project.workspace.trials / "abcd0123").write_run(RunRecord(run_id="beef" * 8))
    with pytest.raises(TrialError, match=r"'abcd0123' was not recorded; run 'rodepil crossval'"):
        find_run("beef", project.workspace)


def test_lineage_needs_no_store_and_no_recordings(project: Small) -> None:
    record(project)
    shutil.rmtree(project.workspace.store)
    project.workspace.features.unlink()
    traced = trace_run("feed", project.workspace)
    assert {one.today for one in traced.recordings} == {"same"}
    assert traced.unchanged == 16
    shutil.rmtree(project.workspace.raw)
    project.workspace.clips.unlink()
    traced = trace_run("feed", project.workspace, check=True)
    assert [one.today for one in traced.recordings] == ["gone"] * 3
    assert "unknown, for the table of clips is gone" in str(traced)
    assert all(one.sha256 for one in traced.recordings)


def test_a_recording_that_has_changed_is_found_by_its_bytes(project: Small) -> None:
    record(project)
    (project.workspace.raw / "M1.avi").write_bytes(b"other")
    (project.workspace.raw / "M2.avi").unlink()
    said = {one.recording_id: one.today for one in trace_run("feed", project.workspace).recordings}
    assert said == {"r0": "same", "r1": "same", "r2": "gone"}
    traced = trace_run("feed", project.workspace, check=True)
    assert [one.today for one in traced.recordings] == ["same", "changed", "gone"]
    assert "1 changed, 1 gone, 1 same by their files" in str(traced)
    assert [one.clips for one in traced.recordings] == [6, 5, 5]


def test_without_a_table_of_recordings_their_hashes_are_null(bare: Small) -> None:
    (bare.workspace.raw / "recordings.parquet").unlink()
    bare.materialize()
    record(bare)
    traced = trace_run("feed", bare.workspace)
    assert traced.rows.column("recording_sha256").null_count == 16


def test_a_stale_snapshot_stops_a_run_that_would_train_on_it(project: Small) -> None:
    project.clips.rows["c003"]["sha256"] = "0" * 64
    project.write_clips()
    made = plan(project)
    with pytest.raises(FeatureError, match="rodepil features materialize"):
        keep_lineage(made, project.workspace)
    assert not (made.folder.path / FILE).exists()
    project.workspace.features.unlink()
    with pytest.raises(TableError, match="features"):
        keep_lineage(made, project.workspace)


def test_a_lineage_is_written_once_and_grows_by_trials(project: Small) -> None:
    model = project.settings.model.model_copy(update={"pretrained": "none"})
    settings = project.settings.model_copy(update={"model": model})
    one = make_plan(settings, project.workspace, folds=[0])
    keep_lineage(one, project.workspace)
    path = one.folder.path / FILE
    before = path.stat().st_mtime_ns
    project.workspace.features.unlink()
    keep_lineage(one, project.workspace)
    assert path.stat().st_mtime_ns == before
    both = make_plan(settings, project.workspace)
    keep_lineage(both, project.workspace)
    assert set(lineage.read_origin(path).trials) == {trial.id for trial in both.trials}
    assert find_run(one.group, Workspace(project.root)).path == path


def test_rows_are_written_as_other_programs_read_them(project: Small, tmp_path: Path) -> None:
    record(project)
    rows = trace_run("feed", project.workspace).rows
    for name in ("of run.csv", "rows.parquet"):
        lineage.save(rows, tmp_path / name)
    assert (
        pyarrow.csv.read_csv(tmp_path / "of run.csv").column("key").to_pylist()
        == rows.column("key").to_pylist()
    )
    assert pq.read_table(tmp_path / "rows.parquet").equals(rows.replace_schema_metadata(None))
    with pytest.raises(FeatureError, match=r"end it in \.csv or \.parquet"):
        lineage.save(rows, tmp_path / "rows.json")


def test_a_damaged_lineage_is_named(project: Small) -> None:
    made = record(project)
    path = made.folder.path / FILE
    path.write_bytes(b"torn")
    with pytest.raises(TableError, match=r"can't be read as a run's lineage.*remove it"):
        find_run("feed", project.workspace)


def test_of_a_trial_both_sides_are_told_apart_as_the_folds_have_them(
    project: Small, tmp_path: Path
) -> None:
    made = record(project)
    trial = next(one for one in made.trials if one.settings.fold == 1)
    traced = trace_run(trial.id, project.workspace)
    of = {name: str(row["subject_id"]) for name, row in project.clips.rows.items()}
    for row in traced.rows.to_pylist():
        number = int(of[row["clip_id"]][-1]) % 2  # as the project's folds were dealt
        assert (row["subject_id"], row["fold"]) == (of[row["clip_id"]], number)
        assert row["side"] == ("test" if number == 1 else "train")
    assert sum(one.tested or 0 for one in traced.recordings) == 8
    assert sum(one.trained or 0 for one in traced.recordings) == 8
    said = str(traced)
    assert f"{trial.id}, which tests fold 1" in said
    assert "starts from random weights" in said
    assert "trained on  8 clips of 2 subjects" in said
    assert "control     none" in said
    lineage.save(traced.rows, tmp_path / "rows.csv")
    table = pyarrow.csv.read_csv(tmp_path / "rows.csv")
    assert {"side", "fold", "subject_id"} <= set(table.column_names)
    child = trace_run(trial.folder.runs()[0].run_id, project.workspace)
    assert (child.trial, child.fold) == (trial.id, 1)
    whole = trace_run("feed", project.workspace)
    assert (whole.trial, whole.fold) == (None, None)
    assert "the cross-validation of 2 trials" in str(whole)
    assert "side" not in whole.rows.column_names


def test_what_an_earlier_version_recorded_is_filled_in_by_predictions(project: Small) -> None:
    made = record(project)
    path = made.folder.path / FILE
    rows, origin = lineage.read(path)
    old = origin.model_copy(update={"folds": {}, "control": None, "start": None})
    lineage.write(rows.drop_columns(["subject_id", "fold"]), old, path)
    for trial in made.trials:
        fold = trial.settings.fold
        predicted = [
            {"run_id": "r", "fold": fold, "clip_id": name, "subject_id": row["subject_id"],
             "label": 0, "score": 0.5}
            for name, row in project.clips.rows.items()
            if int(str(row["subject_id"])[-1]) % 2 == fold
        ]  # fmt: skip
        trial.folder.write_predictions(tables.from_rows("predictions", predicted))
        trial.folder.finish(Finished(trial_id=trial.id, fold=fold, metrics={}, seconds=1))
    traced = trace_run(made.trials[0].id, project.workspace)
    assert traced.fold == made.trials[0].settings.fold
    assert traced.rows.column("side").to_pylist().count("test") == 8
    assert (traced.control, traced.start) == ("not recorded", "not recorded")
    keep_lineage(made, project.workspace)
    again = trace_run(made.trials[0].id, project.workspace)
    assert (again.control, again.start) == ("none", "random weights")
    assert again.rows.column("subject_id").null_count == 0


def test_groups_that_begin_at_once_all_stand_in_the_lineage(project: Small) -> None:
    model = project.settings.model.model_copy(update={"pretrained": "none"})
    settings = project.settings.model_copy(update={"model": model})
    plans = [make_plan(settings, project.workspace, folds=[fold]) for fold in (0, 1)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda made: keep_lineage(made, project.workspace), plans * 4))
    origin = lineage.read_origin(plans[0].folder.path / FILE)
    assert origin.folds == {made.trials[0].id: fold for fold, made in enumerate(plans)}
    assert set(origin.trials) == set(origin.folds)

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rodepil.config.settings import ModelSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError, SubjectLeak
from rodepil.io import tables
from rodepil.report.inputs import read_inputs
from rodepil.train.metrics import Metrics
from rodepil.train.result import EpochReport
from rodepil.train.trial import TrialSettings
from rodepil.trials.results import CrossvalResult, FoldResult, write_results
from rodepil.trials.trial import Trial


@pytest.fixture
def made(results: Callable[..., Workspace], new_recipe: Callable[..., Any]) -> Workspace:
    return results(new_recipe(subjects=6, folds=2))


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def rewrite(path: Path, name: str, edit: Callable[[pa.Table], pa.Table]) -> None:
    tables.write(name, edit(tables.read(name, path)), path)


def test_what_is_there_is_read(made: Workspace) -> None:
    inputs = read_inputs(made)
    assert inputs.data == "simulated recordings"
    assert list(inputs.result.folds) == [0, 1]
    assert list(inputs.controls) == ["static"]
    assert pc.all(inputs.clips.column("kept")).as_py()
    assert inputs.result.record.settings.features.frames == 16


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        ("results/crossval.json", "rodepil crossval"),
        ("results/predictions.parquet", "rodepil crossval"),
        ("results/controls/static_predictions.parquet", "rodepil crossval --control static"),
        ("data/clips.parquet", "rodepil curate"),
        ("data/folds.parquet", "rodepil folds make"),
    ],
)
def test_what_is_missing_is_named_with_its_command(
    missing: str, remedy: str, made: Workspace
) -> None:
    (made.root / missing).unlink()
    with pytest.raises(ReportError, match=remedy) as caught:
        read_inputs(made)
    assert Path(missing).name in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"data": 3}'])
def test_a_record_of_another_shape_is_refused(text: str, made: Workspace) -> None:
    (made.results / "crossval.json").write_text(text)
    with pytest.raises(ReportError, match=r"crossval\.json does not hold"):
        read_inputs(made)


def test_metrics_that_the_predictions_do_not_give_are_refused(made: Workspace) -> None:
    def better(record: dict[str, Any]) -> None:
        record["trials"][1]["metrics"]["f1"] = 0.999

    change(made.results / "crossval.json", better)
    with pytest.raises(ReportError, match=r"fold 1 holds .*0\.999"):
        read_inputs(made)


def test_predictions_of_another_trial_are_refused(made: Workspace) -> None:
    def other(record: dict[str, Any]) -> None:
        record["trials"][0]["trial_id"] = "0123"

    change(made.results / "crossval.json", other)
    with pytest.raises(ReportError, match="fold 0 are not those of trial 0123"):
        read_inputs(made)


@pytest.mark.parametrize("edit", [lambda trials: trials[:1], lambda trials: trials + trials[:1]])
def test_a_fold_without_its_trial_or_with_two_is_refused(
    edit: Callable[[list[object]], list[object]], made: Workspace
) -> None:
    change(
        made.results / "crossval.json", lambda record: record.update(trials=edit(record["trials"]))
    )
    with pytest.raises(ReportError, match="each once"):
        read_inputs(made)


def test_predictions_of_clips_that_are_gone_are_refused(made: Workspace) -> None:
    rewrite(made.clips, "clips", lambda clips: clips.slice(3))
    with pytest.raises(ReportError, match="holds 3 clips"):
        read_inputs(made)


def test_predictions_under_folds_dealt_anew_are_refused(made: Workspace) -> None:
    def swap(folds: pa.Table) -> pa.Table:
        return folds.set_column(2, "fold", pc.subtract(1, folds.column("fold")))

    rewrite(made.folds, "folds", swap)
    with pytest.raises(ReportError, match=r"folds\.parquet do not have in that fold"):
        read_inputs(made)


def test_predictions_of_labels_that_were_mended_since_are_refused(made: Workspace) -> None:
    def mend(clips: pa.Table) -> pa.Table:
        at = clips.column_names.index("label")
        labels = clips.column("label").to_pylist()
        row = clips.column("kept").to_pylist().index(True)
        labels[row] = 1 - labels[row]
        return clips.set_column(at, clips.schema.field(at), pa.array(labels))

    rewrite(made.clips, "clips", mend)
    with pytest.raises(ReportError, match=r"holds 1 clips .* with that label"):
        read_inputs(made)


def test_a_control_on_other_clips_is_refused(made: Workspace) -> None:
    path = made.results / "controls" / "static_predictions.parquet"
    first = tables.read("predictions", path).slice(0, 1)

    def twice(predictions: pa.Table) -> pa.Table:
        """Put one clip's row in the place of another clip's, keeping all metrics."""
        same = pc.and_(
            pc.equal(predictions.column("label"), first.column("label")[0]),
            pc.equal(predictions.column("fold"), first.column("fold")[0]),
        )
        place = same.to_pylist().index(True, 1)
        ids = predictions.column("clip_id").to_pylist()
        ids[place] = "ffffffffffffffff"
        return predictions.set_column(2, "clip_id", pa.array(ids))

    rewrite(path, "predictions", twice)
    with pytest.raises(ReportError, match="control 'static' was tested on other clips"):
        read_inputs(made)


def test_a_control_of_another_recipe_is_refused(made: Workspace) -> None:
    change(
        made.results / "controls" / "static.json",
        lambda record: record["settings"]["train"].update(epochs=77),
    )
    with pytest.raises(ReportError, match="control 'static' was trained by other settings"):
        read_inputs(made)


def test_a_control_under_anothers_name_is_refused(made: Workspace) -> None:
    folder = made.results / "controls"
    for name in ("static.json", "static_predictions.parquet"):
        (folder / name).rename(folder / name.replace("static", "background"))
    with pytest.raises(ReportError, match=r"background\.json is of control 'static'"):
        read_inputs(made)


def test_controls_stand_in_the_order_of_their_list(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    named = ("scratch", "permuted", "background", "another")
    recipe = new_recipe(subjects=6, folds=2, controls=tuple((name, 1.0) for name in named))
    found = list(read_inputs(results(recipe)).controls)
    assert found == ["static", "background", "permuted", "scratch", "another"]


def test_folds_of_a_part_of_a_cross_validation_are_enough(made: Workspace) -> None:
    rewrite(
        made.results / "predictions.parquet",
        "predictions",
        lambda table: table.filter(pc.equal(table.column("fold"), 0)),
    )
    rewrite(
        made.results / "controls" / "static_predictions.parquet",
        "predictions",
        lambda table: table.filter(pc.equal(table.column("fold"), 0)),
    )
    for name in ("crossval", "controls/static"):
        change(
            made.results / f"{name}.json",
            lambda record: record.update(trials=record["trials"][:1]),
        )
    assert list(read_inputs(made).result.folds) == [0]


def test_a_trial_tested_on_whom_it_was_trained_on_is_refused(made: Workspace) -> None:
    def leak(record: dict[str, Any]) -> None:
        trial = record["trials"][1]
        trial["train_subjects"].append(trial["test_subjects"][0])

    change(made.results / "crossval.json", leak)
    with pytest.raises(SubjectLeak, match=r"fold 1 was trained on subjects \['70-2'\]"):
        read_inputs(made)


def test_a_trial_that_names_other_subjects_than_it_tested_is_refused(made: Workspace) -> None:
    change(
        made.results / "crossval.json",
        lambda record: record["trials"][0]["test_subjects"].append("99-9"),
    )
    with pytest.raises(ReportError, match=r"tested on \[.*'99-9'\]"):
        read_inputs(made)


def test_what_trials_write_the_report_reads(made: Workspace) -> None:
    before = read_inputs(made).result
    folds = []
    for record in before.record.trials:
        settings = TrialSettings(fold=record.fold, data="simulated recordings")
        trial = Trial(
            record.trial_id, settings, made.root, record.train_subjects, record.test_subjects
        )
        reports = [EpochReport(epoch, {"train_loss": 0.5, "test_f1": 0.25}) for epoch in (0, 1)]
        measured = Metrics(**record.metrics)
        folds.append(FoldResult(trial, record.run_id, measured, record.seconds, tuple(reports)))
    settings = TrialSettings(data="simulated recordings")
    write_results(CrossvalResult("f" * 32, settings, before.predictions, tuple(folds)), made)
    after = read_inputs(made).result
    assert after.folds == before.folds
    assert after.record.settings.model == ModelSettings()
    assert after.record.trials[1].history == tuple(
        {"epoch": epoch, "train_loss": 0.5, "test_f1": 0.25} for epoch in (0, 1)
    )


def test_a_clip_that_was_tested_twice_is_refused(made: Workspace) -> None:
    path = made.results / "predictions.parquet"
    predictions = tables.read("predictions", path)
    doubled = pa.concat_tables([predictions, predictions])
    tables.write("predictions", doubled, path)  # the metrics of a table doubled are the same
    with pytest.raises(ReportError, match="holds a clip twice"):
        read_inputs(made)

"""Whether results belong together: the same clips, folds and recipe, no subject on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pyarrow as pa

from rodepil.config.modality import FLOWLESS
from rodepil.errors import ReportError, SubjectLeak
from rodepil.report.counts import groups
from rodepil.report.records import Result, TrialRecord

AGREEMENT: Final = 1e-9
SHOWN: Final = 3


def check_trials(result: Result, path: Path, remedy: str) -> None:
    """Refuse a record whose trials are not those that made the predictions."""
    trials = {trial.fold: trial for trial in result.record.trials}
    if not trials or len(trials) < len(result.record.trials) or set(trials) != set(result.folds):
        raise ReportError(
            f"{path} has trials of folds {[trial.fold for trial in result.record.trials]}, its "
            f"predictions have {list(result.folds)}; they must be the same, each once; {remedy}"
        )
    for fold, rows in groups(result.predictions, "fold"):
        trial = trials[int(fold)]
        if rows.column("run_id").unique().to_pylist() != [trial.trial_id]:
            raise ReportError(
                f"{path}: the predictions of fold {fold} are not those of trial "
                f"{trial.trial_id}; {remedy}"
            )
        _check_subjects(trial, set(rows.column("subject_id").to_pylist()), path, remedy)
        measured = asdict(result.folds[int(fold)])
        wrong = {
            name: value
            for name, value in measured.items()
            if abs(trial.metrics.get(name, float("inf")) - value) > AGREEMENT
        }
        if wrong:
            raise ReportError(
                f"{path}: fold {fold} holds {trial.metrics}, its predictions give {wrong}; {remedy}"
            )


def _check_subjects(trial: TrialRecord, tested: set[str], path: Path, remedy: str) -> None:
    """Refuse a trial that was tested on subjects that it had seen, or on others than it says."""
    leaked = sorted(tested & set(trial.train_subjects))
    if leaked:
        raise SubjectLeak(
            f"{path}: fold {trial.fold} was trained on subjects {leaked} and tested on them; "
            f"run 'rodepil folds make', then {remedy}"
        )
    if tested != set(trial.test_subjects):
        raise ReportError(
            f"{path}: fold {trial.fold} says it was tested on {sorted(trial.test_subjects)}, its "
            f"predictions are of {sorted(tested)}; {remedy}"
        )


def check_clips(result: Result, clips: pa.Table, folds: pa.Table, remedy: str) -> None:
    """Refuse predictions of other clips, labels or folds than those that are there now."""
    dealt = dict(
        zip(folds.column("clip_id").to_pylist(), folds.column("fold").to_pylist(), strict=True)
    )
    labels = dict(
        zip(clips.column("clip_id").to_pylist(), clips.column("label").to_pylist(), strict=True)
    )
    predicted = result.predictions.select(["clip_id", "fold", "label"]).to_pylist()
    strange = [
        row["clip_id"]
        for row in predicted
        if (labels.get(row["clip_id"]), dealt.get(row["clip_id"])) != (row["label"], row["fold"])
    ]
    if strange:
        raise ReportError(
            f"results/predictions.parquet holds {len(strange)} clips (the first is {strange[0]}) "
            f"that data/clips.parquet and data/folds.parquet do not have in that fold or with that "
            f"label; {remedy}"
        )
    if len({row["clip_id"] for row in predicted}) < len(predicted):
        raise ReportError(f"results/predictions.parquet holds a clip twice; {remedy}")


def check_beside(name: str, other: Result, result: Result, remedy: str, *may_differ: str) -> None:
    """Refuse what was run on other data or clips than the result, fold by fold, or otherwise.

    ``train.flow`` counts where what was run reads it, so that the report's words on flow hold.

    Parameters
    ----------
    name
        What it is called.
    other, result
        What is compared.
    remedy
        What to do.
    may_differ
        Settings or sections of them that need not be the same, as ``train.modality``.

    Raises
    ------
    ReportError
        The two can't be compared.
    """
    if other.record.data != result.record.data:
        raise ReportError(
            f"{name} comes from {other.record.data}, the result from {result.record.data}, so the "
            f"two can't be compared; {remedy}"
        )
    if other.record.settings.train.modality in FLOWLESS:
        may_differ = (*may_differ, "train.flow")
    theirs, ours = _recipe(other, may_differ), _recipe(result, may_differ)
    apart = [key for key in {**ours, **theirs} if theirs.get(key) != ours.get(key)]
    if apart:
        listed = [
            f"{key} is {json.dumps(theirs.get(key))}, the result's {json.dumps(ours.get(key))}"
            for key in apart
        ]
        more = [f"{len(apart) - SHOWN} more"] if len(apart) > SHOWN else []
        raise ReportError(
            f"{name} was trained by other settings than the result, so the two can't be compared: "
            f"{'; '.join([*listed[:SHOWN], *more])}; {remedy}"
        )
    own = dict(groups(result.predictions, "fold"))
    for fold, rows in groups(other.predictions, "fold"):
        wanted = set(own[fold].column("clip_id").to_pylist()) if fold in own else set()
        if set(rows.column("clip_id").to_pylist()) != wanted:
            raise ReportError(
                f"{name} was tested on other clips of fold {fold} than the result; {remedy}"
            )


def _recipe(result: Result, but: tuple[str, ...]) -> dict[str, object]:
    """Return the settings of a result by name, as ``train.flow.method``, `but` those."""
    return dict(_leaves("", result.record.settings.model_dump(mode="json"), but))


def _leaves(
    prefix: str, settings: Mapping[str, object], but: tuple[str, ...]
) -> Iterator[tuple[str, object]]:
    for name, value in settings.items():
        key = f"{prefix}{name}"
        if key in but:
            continue
        if isinstance(value, Mapping):
            yield from _leaves(f"{key}.", value, but)
        else:
            yield key, value

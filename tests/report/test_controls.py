"""Controls beside the result: chance, the two rules of warnings, and what is said."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from rodepil.config.controls import CONTROLS
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.report.controls import (
    always_seizure,
    difference,
    interval_words,
    is_close,
    ranked,
    told,
)
from rodepil.report.figures.controls import controls as controls_figure
from rodepil.report.inputs import ReportInputs, read_inputs
from rodepil.report.style import LIGHT
from rodepil.report.tables import controls as controls_table
from rodepil.report.write import write_report
from rodepil.statistics.intervals import Estimate, Interval
from rodepil.statistics.scored import only

Make = Callable[..., ReportInputs]


@pytest.fixture
def made(results: Callable[..., Workspace], new_recipe: Callable[..., Any]) -> Make:
    """Return a function that gives the inputs of a report with controls of some qualities."""

    def inputs(**qualities: float) -> ReportInputs:
        return read_inputs(results(new_recipe(static_quality=None, controls=(*qualities.items(),))))

    return inputs


def by_fold(predictions: Any) -> list[pd.DataFrame]:
    return [part for _, part in predictions.to_pandas().groupby("fold")]


def test_chance_is_what_scikit_learn_says_of_always_saying_seizure(inputs: ReportInputs) -> None:
    parts = [part["label"].to_numpy() for part in by_fold(inputs.result.predictions)]
    blind = always_seizure(inputs.result)
    for found, measure in (
        (blind.f1, sk.f1_score),
        (blind.precision, sk.precision_score),
        (blind.accuracy, sk.accuracy_score),
    ):
        assert found == pytest.approx(np.mean([measure(one, np.ones_like(one)) for one in parts]))
    assert (blind.sensitivity, blind.specificity) == (1.0, 0.0)


def test_the_auroc_is_tested_over_folds_as_scipy_does(made: Make) -> None:
    for quality in (0.0, 0.5, 1.5):
        run = made(background=quality).controls["background"]
        areas = [
            sk.roc_auc_score(part["label"], part["score"]) for part in by_fold(run.predictions)
        ]
        found = ranked(run)
        assert found is not None
        assert (found.auroc, found.folds) == (pytest.approx(np.mean(areas)), 5)
        p_value = stats.ttest_1samp(areas, 0.5, alternative="greater").pvalue
        assert found.is_above_chance == (p_value < 0.01 and np.mean(areas) > 0.6)
        low = np.mean(areas) - stats.t.ppf(0.99, 4) * stats.sem(areas)
        assert found.low == pytest.approx(low)


def test_of_one_fold_nothing_is_said_of_chance(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    recipe = new_recipe(subjects=2, folds=2, static_quality=None, controls=(("background", 9.0),))
    found = ranked(read_inputs(results(recipe)).controls["background"])
    assert found is not None
    assert (found.folds, found.low, found.is_above_chance) == (1, None, False)
    assert found.auroc > 0.99


def test_the_difference_is_control_less_result_whichever_is_better(made: Make) -> None:
    inputs = made(static=0.5, shuffled=6.0)
    for name, sign in (("static", -1), ("shuffled", 1)):
        run = inputs.controls[name]
        own = [
            sk.f1_score(one["label"], one["score"] >= 0.5)
            - sk.f1_score(other["label"], other["score"] >= 0.5)
            for one, other in zip(
                by_fold(run.predictions), by_fold(inputs.result.predictions), strict=True
            )
        ]
        apart = difference(run, inputs.result)
        assert apart.interval is not None
        assert apart.value == pytest.approx(np.mean(own))
        assert math.copysign(1, np.mean(own)) == sign
        assert apart.interval.low < np.mean(own) < apart.interval.high


@pytest.mark.parametrize(
    ("value", "interval", "close"),
    [
        (-0.30, (-0.50, -0.11), False),
        (-0.30, (-0.55, -0.09), True),
        (-0.05, (-0.09, -0.01), True),
        (0.02, (-0.01, 0.05), True),
        (-0.11, None, False),
        (-0.09, None, True),
        (None, None, False),
    ],
)
def test_a_control_is_close_where_ten_points_are_not_sure(
    value: float | None,
    interval: tuple[float, float] | None,
    close: bool,  # noqa: FBT001 - what is expected
) -> None:
    found = None if interval is None else Interval(*interval, 0.95)
    assert is_close(Estimate(value, found)) == close


def test_only_what_speaks_against_the_result_is_a_warning(made: Make) -> None:
    inputs = made(static=0.0, background=0.0, permuted=0.0, scratch=3.4)
    said, warnings = told(inputs)
    assert len(said) == 1 + 4
    assert warnings == ()  # scratch is as good as the result, which is no fault


def test_a_background_that_tells_the_label_is_a_warning_though_the_result_is_far_better(
    made: Make,
) -> None:
    inputs = made(static=1.2, background=1.2, permuted=0.0)
    (warning,) = told(inputs)[1]
    assert warning.startswith("Background only tells seizures better than chance (AUROC 0.")
    assert warning.endswith(CONTROLS["background"].warning)


def test_permuted_labels_are_judged_by_all_folds_together(made: Make) -> None:
    (warning,) = told(made(permuted=3.4))[1]
    assert warning.startswith("Labels permuted tells seizures better than chance (AUROC 0.9")
    assert "within 10 points" not in warning


@pytest.mark.parametrize("name", ["static", "shuffled", "background"])
def test_a_control_as_good_as_the_result_is_a_warning(name: str, made: Make) -> None:
    inputs = made(**{name: 3.4})
    (warning,) = told(inputs)[1]
    assert f"{CONTROLS[name].condition} comes within 10 points of the result's" in warning.lower()
    apart = difference(inputs.controls[name], inputs.result)
    assert f"({interval_words(apart)})" in warning


def test_every_control_is_told_with_what_it_means(made: Make) -> None:
    names = list(CONTROLS)
    sentences, _ = told(made(**dict.fromkeys(names, 0.5)))
    for name, sentence in zip(names, sentences[1:], strict=True):
        assert sentence.lower().startswith(CONTROLS[name].condition)
        assert sentence.endswith(CONTROLS[name].tells)


def test_a_control_without_a_common_fold_has_no_difference(made: Make) -> None:
    inputs = made(static=0.5)
    run, result = (
        replace(held, predictions=only(held.predictions, folds))
        for held, folds in ((inputs.controls["static"], (0, 1)), (inputs.result, (2, 3)))
    )
    assert difference(run, result) == Estimate(None, None)
    beside = replace(inputs, result=result, controls={"static": run})
    sentence = told(beside)[0][1]
    assert sentence.startswith(f"One frame repeated: F1-score {100 * run.mean.f1:.1f}%. The middle")


@pytest.mark.parametrize(
    ("modality", "said"),
    [("flow", "Optical flow of frames"), ("absdiff", "AbsDiff of frames"), ("rgb", None)],
)
def test_a_still_picture_is_said_to_show_a_modality_of_motion_nothing(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any], modality: str, said: str
) -> None:
    names = ("static", "background", "shuffled")
    recipe = new_recipe(static_quality=None, controls=tuple((name, 0.5) for name in names))
    workspace = results(recipe)
    for path in (workspace.results / "crossval.json", *workspace.results.glob("controls/*.json")):
        held = json.loads(path.read_bytes())
        held["settings"]["train"]["modality"] = modality
        path.write_text(json.dumps(held), encoding="utf-8")
    sentences = told(read_inputs(workspace))[0][1:]
    wanted = [said is not None and not line.startswith("Frames shuffled") for line in sentences]
    assert [f"{said} that are all the same shows no motion" in line for line in sentences] == wanted


def test_table_and_figure_hold_all_controls_and_chance(made: Make) -> None:
    inputs = made(**dict.fromkeys(CONTROLS, 0.5))
    sheet = controls_table(inputs)
    assert [row[0] for row in sheet.rows] == ["none", *CONTROLS, "chance"]
    (ax,) = controls_figure(inputs, LIGHT).axes
    shown = [text.get_text().replace("\n", " ") for text in ax.get_xticklabels()]
    assert shown == ["as recorded", *(facts.condition for facts in CONTROLS.values())]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == [
        pytest.approx(100 * always_seizure(inputs.result).f1)
    ]


def test_the_report_shows_warnings_before_the_rest_of_their_section(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace = results(new_recipe(static_quality=None, controls=(("background", 3.4),)))
    write_report(workspace, ProjectSettings())
    page = (workspace.results / "report.html").read_text()
    warned = page.index('<p class="warning" role="note">Background only comes within')
    assert page.index('<section id="controls">') < warned < page.index("Background only: F1-score")
    text = Path(workspace.results / "report.md").read_text()
    assert "> **Warning:** Background only comes within" in text

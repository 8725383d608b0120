from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray
from sklearn import metrics as sk

from rodepil.config.workspace import Workspace
from rodepil.report import fold_figures
from rodepil.report.figures import PLATES
from rodepil.report.inputs import ReportInputs, read_inputs
from rodepil.report.style import DARK, LIGHT, Style, new_figure

NAMES = [plate.name for plate in PLATES]
LABELS = {
    "fig3_mean_metrics": {"Mean over folds (%)"},
    "confusion_matrix": {"True", "Predicted"},
    "roc_pr": {
        "False positive rate (1 - specificity)",
        "Sensitivity",
        "Sensitivity (recall)",
        "Precision",
    },
    "calibration": {"Mean score", "Seizures (%)"},
    "by_subject": {"Subject", "Share of the class found (%)", "Test clips"},
    "controls": {"Condition", "F1-score (%)"},
    "learning_curves": {"Epoch", "Weighted cross-entropy", "F1-score of the test fold (%)"},
}


def draw(name: str, inputs: ReportInputs, style: Style = LIGHT) -> Figure:
    """A figure laid out as it is written."""
    figure = next(plate for plate in PLATES if plate.name == name).draw(inputs, style)
    figure.canvas.draw()
    return figure


@pytest.fixture(scope="module")
def drawn(inputs: ReportInputs) -> Mapping[str, Figure]:
    """Every figure, to look at."""
    return {name: draw(name, inputs) for name in NAMES}


def texts(figure: Figure) -> Iterator[Text]:
    """The words that are drawn; matplotlib keeps labels of ticks outside the axes, undrawn."""
    undrawn = {
        text
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for text, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        if not min(axis.get_view_interval()) <= place <= max(axis.get_view_interval())
    }
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip() and text not in undrawn:
            yield text


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_names_its_axes_and_its_data(name: str, drawn: Mapping[str, Figure]) -> None:
    figure = drawn[name]
    named = {ax.get_xlabel() for ax in figure.axes} | {ax.get_ylabel() for ax in figure.axes}
    assert named - {""} == LABELS[name]
    assert figure.get_suptitle()
    assert "Data: simulated recordings." in figure.get_supxlabel().replace("\n", " ")


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_figure(name: str, drawn: Mapping[str, Figure]) -> None:
    figure = drawn[name]
    for text in texts(figure):
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text


@pytest.mark.parametrize(
    "title",
    [
        "Mean metrics of rgb-224-16-sgd-kinetics-with-a-learning-rate-of-0.0005 over 5 folds",
        f"Learning curves of {'rgb_224_16_sgd_kinetics' * 4}",
        "m" * 300,
    ],
)
def test_a_long_title_is_broken_and_stays_in_the_figure(title: str) -> None:
    figure, (ax,) = new_figure(LIGHT, title=title, note="Data: none.", height_in=4)
    figure.canvas.draw()
    (words,) = (text for text in texts(figure) if text.get_text().startswith(title[:10]))
    box = words.get_window_extent()
    assert "\n" in words.get_text()
    assert "".join(words.get_text().split()) == "".join(title.split())
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert ax.get_window_extent().y1 < box.y0


@pytest.mark.parametrize("name", NAMES)
def test_words_do_not_lie_on_each_other(name: str, drawn: Mapping[str, Figure]) -> None:
    figure = drawn[name]
    boxes = {text.get_text(): text.get_window_extent() for text in texts(figure) if text.get_text()}
    for (one, box), (other, second) in combinations(boxes.items(), 2):
        assert not box.overlaps(second), (one, other)


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=lambda style: style.name)
def test_ink_and_marks_stand_out_from_the_paper(style: Style) -> None:
    # WCAG 2: 4.5 for text, 3 for what carries meaning.
    assert min(contrast(style.ink, style.paper), contrast(style.muted, style.paper)) >= 4.5
    assert min(contrast(style.main, style.paper), contrast(style.second, style.paper)) >= 3


def test_no_figure_is_left_with_pyplot(drawn: Mapping[str, Figure]) -> None:
    assert all(isinstance(figure.canvas, FigureCanvasAgg) for figure in drawn.values())
    assert not Gcf.figs


def bars(ax: Axes) -> list[list[float]]:
    return [
        [bar.get_height() for bar in group if isinstance(bar, Rectangle)] for group in ax.containers
    ]


def test_figure_three_shows_our_means_and_the_papers(
    inputs: ReportInputs, drawn: Mapping[str, Figure]
) -> None:
    predictions = inputs.result.predictions.to_pandas()
    predictions["called"] = predictions["score"] >= 0.5
    folds = [part for _, part in predictions.groupby("fold")]
    f1 = np.mean([sk.f1_score(part["label"], part["called"]) for part in folds])
    ours, printed = bars(drawn["fig3_mean_metrics"].axes[0])
    assert ours[4] == pytest.approx(100 * f1)
    assert printed == pytest.approx([98.55, 97.81, 99.12, 96.31, 97.00])


def test_the_confusion_matrix_prints_scikit_learns_counts(
    inputs: ReportInputs, drawn: Mapping[str, Figure]
) -> None:
    predictions = inputs.result.predictions.to_pandas()
    counts = sk.confusion_matrix(predictions["label"], predictions["score"] >= 0.5)
    figure = drawn["confusion_matrix"]
    printed = [text.get_text() for text in figure.axes[0].texts]
    assert printed[::2] == [f"{value:,}" for value in counts.ravel()]
    shares = counts / counts.sum(axis=1, keepdims=True)
    names = ["normal", "normal", "seizure", "seizure"]
    wanted = [
        f"{100 * share:.1f}% of {name}" for share, name in zip(shares.ravel(), names, strict=True)
    ]
    assert printed[1::2] == wanted


def points(line: Line2D) -> NDArray[np.float64]:
    """What a line is drawn through, (n, 2)."""
    return np.asarray(line.get_xydata(), dtype=np.float64)


def test_curves_and_their_areas_are_scikit_learns(
    inputs: ReportInputs, drawn: Mapping[str, Figure]
) -> None:
    predictions = inputs.result.predictions.to_pandas()
    left, right = drawn["roc_pr"].axes
    lines = {str(line.get_label()): line for line in [*left.lines, *right.lines]}
    parts = [(f"fold {fold}", part) for fold, part in predictions.groupby("fold")]
    for name, part in [*parts, ("all clips", predictions)]:
        labels, scores = part["label"], part["score"]
        roc = lines[f"{name}, AUROC {sk.roc_auc_score(labels, scores):.3f}"]
        wanted = sk.roc_curve(labels, scores)[:2]
        np.testing.assert_allclose(points(roc), np.column_stack(wanted))
        line = lines[f"{name}, AP {sk.average_precision_score(labels, scores):.3f}"]
        precision, recall, _ = sk.precision_recall_curve(labels, scores)
        np.testing.assert_allclose(points(line), np.column_stack([recall, precision]))


def test_every_subject_has_its_row(inputs: ReportInputs, drawn: Mapping[str, Figure]) -> None:
    subjects = sorted(inputs.result.predictions.column("subject_id").unique().to_pylist())
    left = drawn["by_subject"].axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == subjects[::-1]


def test_learning_curves_show_every_fold_and_the_mean(
    inputs: ReportInputs, drawn: Mapping[str, Figure]
) -> None:
    histories = [trial.history for trial in inputs.result.record.trials]
    f1 = np.array([[100 * epoch["test_f1"] for epoch in history] for history in histories])
    lines = drawn["learning_curves"].axes[1].lines
    drawn_points = np.array([points(line) for line in lines])
    np.testing.assert_allclose(drawn_points[:-1, :, 1], f1)
    np.testing.assert_allclose(drawn_points[-1, :, 1], f1.mean(axis=0))
    np.testing.assert_allclose(drawn_points[-1, :, 0], range(1, 13))


def test_many_folds_and_subjects_still_fit(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    data = "recordings of our own laboratory, cameras two and three, with a name that is long"
    inputs = read_inputs(results(new_recipe(subjects=19, folds=19, quality=1.5, data=data)))
    for name in NAMES:
        figure = draw(name, inputs)
        assert data in figure.get_supxlabel().replace("\n", " ")
        widest = max(texts(figure), key=lambda text: text.get_window_extent().x1)
        assert widest.get_window_extent().x1 <= figure.bbox.x1, widest


def test_the_figures_of_a_fold_are_named_and_say_whose_clips(inputs: ReportInputs) -> None:
    predictions = inputs.result.predictions
    fold = predictions.filter(pc.equal(predictions.column("fold"), 2))
    figures = fold_figures(fold)
    assert list(figures) == ["confusion_matrix", "roc", "precision_recall"]
    for figure in figures.values():
        assert "trial a2a2a2a2" in figure.get_supxlabel().replace("\n", " ")
    named = fold_figures(fold, "simulated recordings")["roc"]
    assert named.get_supxlabel() == "Data: simulated recordings."


def test_a_fold_of_one_class_has_no_curves(inputs: ReportInputs) -> None:
    predictions = inputs.result.predictions
    normal = predictions.filter(pc.equal(predictions.column("label"), 0))
    assert list(fold_figures(normal)) == ["confusion_matrix"]

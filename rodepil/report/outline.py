"""What a report says and in which order; Markdown and HTML are two ways of writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rodepil.config.controls import condition_of
from rodepil.config.settings import ProjectSettings
from rodepil.report.audit import audit_sentences, audit_sheets, sharing_of
from rodepil.report.certainty import WORDS as CERTAINTY_WORDS
from rodepil.report.controls import told
from rodepil.report.counts import has_both_classes, labels_and_scores
from rodepil.report.figures import AUDIT_PLATE, MODALITY_PLATE, PLATES, Plate
from rodepil.report.inputs import ReportInputs
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.sheet import Sheet
from rodepil.report.words import (
    folds_words,
    is_simulated,
    model_words,
)
from rodepil.train.metrics import roc


@dataclass(frozen=True)
class Headline:
    """A number to see first: what it is, its value as printed, and a word on it."""

    name: str
    value: str
    detail: str


@dataclass(frozen=True)
class Section:
    """A part of the report: a heading, warnings, sentences, and tables and figures in order.

    `data` names what its numbers come from, where that is not what the report's do; `links` are
    other pages, words by address.
    """

    name: str
    heading: str
    sentences: tuple[str, ...]
    items: tuple[Sheet | Plate[Any], ...]
    warnings: tuple[str, ...] = ()
    data: str = ""
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    """The whole report."""

    title: str
    subtitle: str
    data: str
    warning: str
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]


def make_outline(
    inputs: ReportInputs,
    sheets: Sequence[Sheet],
    settings: ProjectSettings,
    grids: Sequence[Section] = (),
    localized: Sequence[Section] = (),
) -> Outline:
    """Return the report's order of things; grids have a section each, localization its own."""
    sheet = {item.name: item for item in sheets}
    plate = {item.name: item for item in PLATES}
    said, warnings = told(inputs)
    sections = (
        Section(
            "result",
            "The result",
            (_result_words(inputs),),
            (sheet["table2"], plate["fig3_mean_metrics"]),
        ),
        Section(
            "certainty",
            "How sure the numbers are",
            (CERTAINTY_WORDS,),
            (sheet["certainty"], plate["calibration"]),
        ),
        Section(
            "controls",
            "What the model has learned",
            (*said, *_stand_in_words(inputs)),
            (plate["controls"], sheet["controls"]),
            warnings,
        ),
        *_modality_section(inputs, sheet),
        Section(
            "errors",
            "Right and wrong",
            ("Every clip was tested once, by the model that was trained without its subject.",),
            (plate["confusion_matrix"], plate["roc_pr"]),
        ),
        Section("subjects", "By subject", (), (plate["by_subject"], sheet["by_subject"])),
        Section("training", "Training", (), (plate["learning_curves"], sheet["trials"])),
        Section("data", "Data", (), (sheet["table1"], sheet["folds"])),
        *_audit_section(inputs),
        *grids,
        *localized,
        Section("again", "Make it again", (_again_words(settings),), ()),
    )
    return Outline(
        title="Seizures in rodents from video: cross-validation by subject",
        subtitle=model_words(inputs.result.record.settings),
        data=inputs.data,
        warning=warning_words(inputs.data),
        headlines=_headlines(inputs),
        sections=sections,
    )


def warning_words(data: str, *, beside: bool = True) -> str:
    """Return what must be said before any number of simulated data, else nothing.

    Parameters
    ----------
    data
        The data's name.
    beside
        Whether the paper's values stand beside.
    """
    if not is_simulated(data):
        return ""
    return (
        "These numbers come from simulated recordings, not from animals. They show that the "
        "experiment runs and that its parts agree; they say nothing of how well seizures of "
        "real rats are found."
    ) + (" The paper's values stand beside as a reminder of the target." if beside else "")


def _headlines(inputs: ReportInputs) -> tuple[Headline, ...]:
    result = inputs.result
    mean = result.mean
    lowest = min(result.folds, key=lambda fold: result.folds[fold].f1)
    bounds = interval_text(result.numbers.summary.metrics["f1"].mean.interval)
    sure = f"; 95 % interval {bounds}" if bounds else ""
    folds = folds_words(len(result.folds))
    found = [
        Headline("F1-score", percent_text(mean.f1), f"mean of {folds}{sure}"),
        Headline(
            "Lowest fold", percent_text(result.folds[lowest].f1), f"F1-score of fold {lowest}"
        ),
        Headline("Sensitivity", percent_text(mean.sensitivity), "of seizure clips found"),
        Headline("Specificity", percent_text(mean.specificity), "of normal clips left alone"),
    ]
    if has_both_classes(result.predictions):
        area = roc(*labels_and_scores(result.predictions)).area
        found.append(Headline("AUROC", f"{area:.3f}", "all test clips together"))
    if inputs.controls:
        name = max(inputs.controls, key=lambda name: inputs.controls[name].mean.f1)
        f1 = inputs.controls[name].mean.f1
        found.append(
            Headline("Highest control", percent_text(f1), f"F1-score, {condition_of(name)}")
        )
    return tuple(found)


def _result_words(inputs: ReportInputs) -> str:
    result = inputs.result
    clips = result.predictions.num_rows
    subjects = len(result.predictions.column("subject_id").unique())
    return (
        f"{clips:,} clips of {subjects} subjects in {folds_words(len(result.folds))}; "
        f"no subject is both trained on and tested on. Average is the plain mean of the folds, "
        f"as in the paper: F1-score {percent_text(result.mean.f1)}."
    )


def _stand_in_words(inputs: ReportInputs) -> tuple[str, ...]:
    """Return what the stand-in is, where training starts from it."""
    if inputs.result.record.settings.model.pretrained != "stand_in":
        return ()
    words = (
        "The pretraining is a stand-in: a small network that learned to name how simulated "
        "shapes and textures move. It takes the place of weights that learned Kinetics or "
        "ImageNet, which can't be shipped, and is loaded as those are."
    )
    return (words,)


_MODALITY_WORDS: Final = (
    "The same recipe, from the same weights, on the same folds, with optical flow or differences "
    "of frames in the place of the frames. Such pictures are normalised by what the training "
    "clips of each fold show."
)
_SIMULATED_WORDS: Final = (
    "Simulated animals move over a still background with little noise, which favours motion; in "
    "the paper, on real recordings, the order is another one: colours lead, differences come last."
)


def _modality_section(inputs: ReportInputs, sheet: Mapping[str, Sheet]) -> tuple[Section, ...]:
    """Return what the other modalities reach, where some were run."""
    if not inputs.modalities:
        return ()
    return (
        Section(
            "modalities",
            "What the model sees",
            (_MODALITY_WORDS, *([_SIMULATED_WORDS] if is_simulated(inputs.data) else [])),
            (MODALITY_PLATE, sheet["modalities"]),
        ),
    )


def _audit_section(inputs: ReportInputs) -> tuple[Section, ...]:
    """Return what the audit found, with what folds share, where one was made."""
    record = inputs.audit
    if record is None:
        return ()
    sharing = sharing_of(record, inputs.clips, inputs.folds)
    return (
        Section(
            "audit",
            "Audit of the clips",
            audit_sentences(record, sharing),
            (AUDIT_PLATE, *audit_sheets(record, sharing)),
        ),
    )


def _again_words(settings: ProjectSettings) -> str:
    return (
        f"Profile '{settings.profile}'. dvc repro makes all of this again and repeats only what "
        "has changed; mlflow ui shows every run with its curves; rodepil report writes this page "
        "from results/."
    )

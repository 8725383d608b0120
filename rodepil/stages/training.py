"""Stages that cross-validate: crossval and compare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rodepil.config.controls import Control
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import SettingError
from rodepil.io.files import relative_to
from rodepil.io.progress import Progress

if TYPE_CHECKING:
    from rodepil.trials.crossval import Variation


def crossval(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Train and test one trial a fold and write predictions and results."""
    return cross_validate(settings, workspace, progress, control="none")


def compare(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Cross-validate the modalities and controls that the settings name, all side by side.

    Results of others are removed, and named. Where nothing is pretrained, ``scratch`` would be the
    result itself and is left out.

    Raises
    ------
    SettingError
        One of them is none, or can't be had of such clips; nothing is trained or removed.
    """
    from rodepil.trials.crossval import Variation  # noqa: PLC0415 - a stage imports what it needs

    modalities, controls = _modalities(settings), _controls(settings)
    said = _clear(workspace.results / "modalities", modalities, "compare.modalities")
    said += _clear(workspace.results / "controls", controls, "compare.controls")
    # Modalities come first: flow takes longest, and what is longest is best not begun last.
    variations = [Variation(_seeing(settings, name)) for name in modalities]
    variations += [Variation(settings, name) for name in controls]
    if variations:
        told = _validated(variations, settings, workspace, progress)
        said += [f"{name}\n{text}" for name, text in told.items()]
    if len(controls) < len(dict.fromkeys(settings.compare.controls)):
        said.append("scratch is left out: model.pretrained is 'none'")
    if not settings.compare.controls:
        said.append("no control is run: compare.controls names none")
    if not modalities:
        said.append("no other modality is compared: compare.modalities names none")
    return "\n".join(said)


def _modalities(settings: ProjectSettings) -> list[str]:
    """Return the modalities to compare, each once, without the project's own."""
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    own, named = settings.train.modality, dict.fromkeys(settings.compare.modalities)
    wanted = [name for name in named if name != own]
    for name in wanted:
        make_inputs(settings.features, name, settings.train.flow, key="compare.modalities")
    return wanted


def _controls(settings: ProjectSettings) -> list[Control]:
    """Return the controls to run, each once, without those that would be the result itself."""
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    plain, named = settings.model.pretrained == "none", dict.fromkeys(settings.compare.controls)
    wanted: list[Control] = [name for name in named if not (plain and name == "scratch")]
    for name in wanted:
        make_inputs(settings.features, settings.train.modality, settings.train.flow, control=name)
    return wanted


def _clear(folder: Path, wanted: Sequence[str], key: str) -> list[str]:
    """Make a folder of results, or remove from it those of other names than are wanted.

    Hidden files stay. Returns what was removed, in words; `key` is the setting that names what is
    wanted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    removed = set()
    for stale in folder.iterdir():
        name = stale.name.partition(".")[0].removesuffix("_predictions")
        if stale.is_file() and name and name not in wanted:
            stale.unlink()
            removed.add(name)
    if not removed:
        return []
    return [f"removed from {folder}, for {key} does not name it: {', '.join(sorted(removed))}"]


def cross_validate(
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    *,
    control: Control = "none",
    modality: str | None = None,
) -> str:
    """Cross-validate and write what the report reads.

    Parameters
    ----------
    settings, workspace, progress
        As for every stage.
    control
        What it goes without (`rodepil.config.controls`); it is written down beside the result.
    modality
        What the network shall see in place of the settings' modality; it is written down beside
        the result.

    Raises
    ------
    SettingError
        Control and modality came together, or the modality is none, or the settings' own.
    """
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    if modality is not None and control != "none":
        raise SettingError(
            f"control '{control}' and modality '{modality}' came together; give one of them, or "
            f"set train.modality={modality} for a control of it"
        )
    if modality == settings.train.modality:
        raise SettingError(
            f"modality '{modality}' is train.modality: that is the result itself; leave "
            "--modality out"
        )
    if modality is not None:
        make_inputs(settings.features, modality, settings.train.flow, key="--modality")
    from rodepil.trials.crossval import Variation  # noqa: PLC0415

    seen = settings if modality is None else _seeing(settings, modality)
    (said,) = _validated([Variation(seen, control)], settings, workspace, progress).values()
    return said


def _seeing(settings: ProjectSettings, modality: str) -> ProjectSettings:
    """Return settings by which a network sees another modality."""
    train = settings.train.model_copy(update={"modality": modality})
    return settings.model_copy(update={"train": train})


def _validated(
    variations: Sequence[Variation],
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
) -> dict[str, str]:
    """Cross-validate variations of the settings, and write of each what the report reads.

    What came of a variation is written also where another one failed. Returns what came of each,
    in words, by its control or by a modality that is not the settings' own.
    """
    from rodepil.data.origin import data_of  # noqa: PLC0415
    from rodepil.report import fold_figures  # noqa: PLC0415
    from rodepil.trials.crossval import (  # noqa: PLC0415
        CrossvalResult,
        cross_validate_all,
        write_results,
    )

    said: dict[str, str] = {}

    def write(result: CrossvalResult) -> None:
        beside = result.settings.train.modality != settings.train.modality
        name = result.settings.train.modality if beside else result.control
        path = relative_to(write_results(result, workspace, beside=beside), workspace.root)
        said[name] = f"{result}\nwritten to {path}, with predictions beside it"

    figures = partial(fold_figures, data=data_of(settings, workspace))
    cross_validate_all(variations, workspace, figures=figures, on_result=write, progress=progress)
    return said

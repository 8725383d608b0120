"""Stages that cross-validate: crossval, controls and modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def controls(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Cross-validate under the controls that the settings name, for the report to compare.

    Results of others are removed, and named. Where nothing is pretrained, ``scratch`` would be the
    result itself and is left out.

    Raises
    ------
    SettingError
        One of them can't be had of such clips; nothing is trained or removed.
    """
    from rodepil.trials.crossval import Variation  # noqa: PLC0415 - a stage imports what it needs
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    named = dict.fromkeys(settings.compare.controls)
    plain = settings.model.pretrained == "none"
    wanted = [name for name in named if not (plain and name == "scratch")]
    train = settings.train
    for name in wanted:
        make_inputs(settings.features, train.modality, train.flow, control=name)
    said = _clear(workspace.results / "controls", wanted, "compare.controls")
    said += _validated({name: Variation(settings, name) for name in wanted}, workspace, progress)
    if len(wanted) < len(named):
        said.append("scratch is left out: model.pretrained is 'none'")
    if not named:
        said.append("no control is run: compare.controls names none")
    return "\n".join(said)


def modalities(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Cross-validate the other modalities that the settings name, for the report to compare.

    Results of others are removed, and named.

    Raises
    ------
    SettingError
        One of them is none, or shall tell motion by one frame; nothing is trained or removed.
    """
    from rodepil.trials.crossval import Variation  # noqa: PLC0415
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    names = dict.fromkeys(settings.compare.modalities)
    wanted = [name for name in names if name != settings.train.modality]
    for name in wanted:
        make_inputs(settings.features, name, settings.train.flow, key="compare.modalities")
    said = _clear(workspace.results / "modalities", wanted, "compare.modalities")
    variations = {name: Variation(_seeing(settings, name)) for name in wanted}
    said += _validated(variations, workspace, progress, beside=True)
    if not wanted:
        said.append("no other modality is compared: compare.modalities names none")
    return "\n".join(said)


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
    variations = {"": Variation(seen, control)}
    return "".join(_validated(variations, workspace, progress, beside=modality is not None))


def _seeing(settings: ProjectSettings, modality: str) -> ProjectSettings:
    """Return settings by which a network sees another modality."""
    train = settings.train.model_copy(update={"modality": modality})
    return settings.model_copy(update={"train": train})


def _validated(
    variations: Mapping[str, Variation],
    workspace: Workspace,
    progress: Progress,
    *,
    beside: bool = False,
) -> list[str]:
    """Cross-validate variations side by side, write what the report reads, and say so of each."""
    from rodepil.data.origin import data_of  # noqa: PLC0415
    from rodepil.report import fold_figures  # noqa: PLC0415
    from rodepil.trials.crossval import cross_validate_all, write_results  # noqa: PLC0415

    wanted = list(variations.values())
    if not wanted:
        return []
    figures = partial(fold_figures, data=data_of(wanted[0].settings, workspace))
    results = cross_validate_all(wanted, workspace, figures=figures, progress=progress)
    said = []
    for name, result in zip(variations, results, strict=True):
        path = relative_to(write_results(result, workspace, beside=beside), workspace.root)
        title = f"{name}\n" if name else ""
        said.append(f"{title}{result}\nwritten to {path}, with predictions beside it")
    return said

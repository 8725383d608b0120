"""The stages of the pipeline: each a function of settings, workspace and progress.

`dvc repro` runs them in order; the command line and notebooks call the same functions. Each
returns a summary that prints as one or more lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rodepil.config.controls import Control
from rodepil.config.origin import name_of_source
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import AuditError, SettingError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.progress import Progress
from rodepil.io.wording import by_number

if TYPE_CHECKING:
    from rodepil.data.audit.items import AuditItem
    from rodepil.data.audit.record import AuditRecord
    from rodepil.store.views.base import View


def source(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Fill data/raw with recordings and their recordings, cages and annotations tables."""
    from rodepil.data.sources import take_tables  # noqa: PLC0415 - a stage imports what it needs
    from rodepil.simulate import simulate  # noqa: PLC0415

    if settings.data.source == "simulated":
        simulate(settings.data.simulate, workspace.raw, progress=progress)
    else:
        take_tables(workspace.root / settings.data.folder, workspace.raw)
    recordings = tables.read("recordings", workspace.raw / "recordings.parquet")
    cages = tables.read("cages", workspace.raw / "cages.parquet")
    hours = sum(recordings.column("duration_s").to_pylist()) / 3600
    return f"{recordings.num_rows} recordings, {cages.num_rows} cages, {hours:.2f} h of video"


def curate(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Turn recordings into clips and write the manifest, also where some of them fail.

    The stage itself then fails unless it is allowed to: DVC keeps what succeeded, and would not
    try again when the disk or a missing video is back.

    Raises
    ------
    SourceError
        Recordings that may succeed another time failed; clips and manifest of the others stand.
    """
    from rodepil.data.curate import curate as curate_recordings  # noqa: PLC0415

    summary = curate_recordings(
        workspace.raw,
        settings.curate,
        workspace.clips_folder,
        workspace.clips,
        progress=progress,
    )
    if summary.unfinished and not settings.curate.allow_failures:
        count = by_number(len(summary.unfinished), "recording is", "recordings are")
        raise SourceError(
            f"{summary}\n{count} not curated; what is done is kept. Mend what is said above and "
            "run the same command again, or go on without: curate.allow_failures=true"
        )
    return str(summary)


def audit(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Audit the curated clips, write what was found, and stop where files give labels away."""
    from rodepil.data.audit.items import clip_items  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    items = clip_items(clips, workspace.clips.parent)
    return str(_audited(items, "clips", settings, workspace, progress))


def audit_with_folds(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Audit the curated clips and say what their folds share, where they have any."""
    from rodepil.data.audit.items import clip_items  # noqa: PLC0415
    from rodepil.report.audit import sharing_words  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    items = clip_items(clips, workspace.clips.parent)
    record = _audited(items, "clips", settings, workspace, progress)
    return "\n".join(filter(None, [str(record), sharing_words(record, clips, workspace.folds)]))


def audit_source(
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    folder: Path | None = None,
) -> str:
    """Audit recordings as they came: those of `folder`, by default what was imported, if anything.

    What it says begins with the folder.
    """
    from rodepil.data.audit.items import source_items  # noqa: PLC0415
    from rodepil.data.sources import read_source  # noqa: PLC0415

    imported = workspace.root / settings.data.folder
    simulated = settings.data.source == "simulated"
    raw = simulated and not (imported / "recordings.parquet").is_file()
    usual = folder or (workspace.raw if raw else imported)
    items = source_items(read_source(usual), settings.curate.min_agreement)
    data = None if folder is None and raw else name_of_source(usual.resolve())
    try:
        record = _audited(items, "source", settings, workspace, progress, data=data)
    except AuditError as error:
        raise AuditError(f"{usual}: {error}") from error
    return f"{usual}: {record}"


def _audited(
    items: Sequence[AuditItem],
    of: Literal["clips", "source"],
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    *,
    data: str | None = None,
) -> AuditRecord:
    """Audit items, write table, record, page and figure, and then stop if they failed."""
    from rodepil.data.audit.record import save_record  # noqa: PLC0415
    from rodepil.data.audit.run import audit as run  # noqa: PLC0415
    from rodepil.data.origin import data_of  # noqa: PLC0415
    from rodepil.report.audit import STEMS, write_audit  # noqa: PLC0415

    name = data or data_of(settings, workspace)
    found = run(
        items,
        settings.audit,
        workspace.auditing,
        of=of,
        data=name,
        clip_s=settings.curate.clip_duration_s,
        progress=progress,
    )
    table = workspace.audit.with_stem(STEMS[of])
    tables.write("attributes", found.attributes, table)
    save_record(found.record, workspace.results / f"{STEMS[of]}.json")
    write_audit(found.record, workspace.results)
    found.raise_if_failed()
    return found.record


def folds(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Deal subjects to folds and write the fold table."""
    from rodepil.data.folds import make_folds  # noqa: PLC0415

    del progress
    wanted = settings.folds
    if wanted.table is not None:
        wanted = wanted.model_copy(update={"table": str(workspace.root / wanted.table)})
    clips = tables.read("clips", workspace.clips)
    tables.write("folds", make_folds(clips, wanted), workspace.folds)
    return check_folds(workspace)


def check_folds(workspace: Workspace) -> str:
    """Check the fold table against the manifest and describe every fold."""
    from rodepil.data import folds as data_folds  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    return str(data_folds.check_folds(clips, tables.read("folds", workspace.folds)))


def features(
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    names: Sequence[str] = (),
) -> str:
    """Materialize the views of the settings and write them down in the snapshot.

    The snapshot keeps what it has of the settings' other views; where `names` chooses among the
    views, also of those that other settings name. Without names those are left out that a network
    of this project makes, for it is trained afterwards, unless all of them are stored already.

    Raises
    ------
    FeatureError
        Clips gave no features in some view; all else is made and in the snapshot.
    """
    from rodepil.store import Manifest, declared_views, open_store, snapshot  # noqa: PLC0415
    from rodepil.store.know.project import choose  # noqa: PLC0415
    from rodepil.store.know.stage import by_hand, doubts, left_out, put_off  # noqa: PLC0415

    declared = {
        view.name: view
        for view in declared_views(settings.features, settings.views, workspace.root)
    }
    views: Sequence[View] = choose(names, declared)
    later: Sequence[str] = ()
    manifest = Manifest(tables.read("clips", workspace.clips), workspace.clips.parent)
    store = open_store(settings.store, workspace)
    if not names:
        views, later = put_off(views, manifest, store)
    summary = store.materialize(views, manifest, progress=progress)
    made = [view.name for view in views]
    among = None if names else set(declared)
    left = snapshot.record(workspace.features, summary.features, made, among)
    told = [*doubts(views, manifest.clips), *map(by_hand, later), *left_out(left)]
    summary.raise_if_failed(told)
    return "\n".join([str(summary), *told])


def pretrain(
    settings: ProjectSettings, workspace: Workspace, progress: Progress, *, always: bool = False
) -> str:
    """Let a network learn simulated actions and write it as published weights are written.

    Where the settings start from other weights nothing is learned, and a note says so, unless it
    is wanted `always`.
    """
    from rodepil.trials.stand_in import leave_out, make_stand_in  # noqa: PLC0415

    if settings.model.pretrained != "stand_in" and not always:
        return leave_out(settings, workspace)
    return make_stand_in(settings, workspace, progress)


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
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    named = dict.fromkeys(settings.compare.controls)
    plain = settings.model.pretrained == "none"
    wanted = [name for name in named if not (plain and name == "scratch")]
    train = settings.train
    for name in wanted:
        make_inputs(settings.features, train.modality, train.flow, control=name)
    said = _clear(workspace.results / "controls", wanted, "compare.controls")
    said += [
        f"{name}\n{cross_validate(settings, workspace, progress, control=name)}" for name in wanted
    ]
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
    from rodepil.vision.inputs import make_inputs  # noqa: PLC0415

    names = dict.fromkeys(settings.compare.modalities)
    wanted = [name for name in names if name != settings.train.modality]
    for name in wanted:
        make_inputs(settings.features, name, settings.train.flow, key="compare.modalities")
    said = _clear(workspace.results / "modalities", wanted, "compare.modalities")
    said += [
        f"{name}\n{cross_validate(settings, workspace, progress, modality=name)}" for name in wanted
    ]
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
    from rodepil.data.origin import data_of  # noqa: PLC0415
    from rodepil.report import fold_figures  # noqa: PLC0415
    from rodepil.trials.crossval import cross_validate as validate  # noqa: PLC0415
    from rodepil.trials.crossval import write_results  # noqa: PLC0415

    figures = partial(fold_figures, data=data_of(settings, workspace))
    if modality is not None:
        train = settings.train.model_copy(update={"modality": modality})
        settings = settings.model_copy(update={"train": train})
    result = validate(settings, workspace, control=control, figures=figures, progress=progress)
    path = write_results(result, workspace, beside=modality is not None)
    return f"{result}\nwritten to {relative_to(path, workspace.root)}, with predictions beside it"


def units(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Fill data/ratseizure/source with simulated clips of action units, or check imported ones.

    Raises
    ------
    SourceError
        Clips shall be imported and none are there, or simulated ones are; or simulated where
        imported ones are.
    """
    from rodepil.data.ratseizure.simulated import fill_source  # noqa: PLC0415

    source = fill_source(settings.ratseizure, workspace.units_source, progress)
    return "\n".join(source.annotations.lines())


def units_clips(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Bring clips of action units to one form and write their clips, events and folds tables."""
    from rodepil.data.ratseizure.tables import make_units_tables  # noqa: PLC0415

    return str(make_units_tables(settings, workspace, progress))


def i3d_stand_in(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Let a narrow I3D learn simulated action units, where the settings name no other network."""
    from rodepil.trials.i3d_stand_in import make_i3d_stand_in  # noqa: PLC0415

    return make_i3d_stand_in(settings, workspace, progress)


def sequences(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Materialize the sequences that localization learns from and write their snapshot.

    Raises
    ------
    FeatureError
        Clips gave no features; all else is made and in the snapshot.
    """
    from rodepil.models.sequence import sequence_view  # noqa: PLC0415
    from rodepil.store import Manifest, open_store, snapshot  # noqa: PLC0415

    view = sequence_view(settings.sequence, workspace.root)
    clips = tables.read("clips", workspace.units_clips)
    manifest = Manifest(clips, workspace.units_clips.parent)
    summary = open_store(settings.store, workspace).materialize([view], manifest, progress=progress)
    snapshot.record(workspace.units_features, summary.features, [view.name], {view.name})
    summary.raise_if_failed()
    return str(summary)


def localize(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Train and test the localizer and what it is compared with; write what the report reads."""
    from rodepil.report.localize.of_run import RunFigures  # noqa: PLC0415
    from rodepil.trials.localize.run import localize_trials, write_localization  # noqa: PLC0415

    figures = RunFigures.of(settings, workspace)
    result = localize_trials(settings, workspace, figures=figures, progress=progress)
    paths = write_localization(result, workspace)
    where = ", ".join(str(relative_to(path, workspace.root)) for path in paths)
    return f"{result}\nwritten to {where}, with what was found beside each"


def detector(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Train the tiny detector on simulated recordings and test it on held-out ones.

    Recordings whose animals' places nobody knows give none, and its record says so.
    """
    from rodepil.detect.region.made import make_detector  # noqa: PLC0415

    return make_detector(settings, workspace, progress)


def report(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Write tables, figures and the page from what the cross-validations left."""
    from rodepil.report import write_report  # noqa: PLC0415

    del progress
    paths = write_report(workspace, settings)
    return f"{len(paths)} files in {workspace.results}; open {workspace.results / 'report.html'}"


def localize_report(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Write the report of localization alone, which wants no cross-validation."""
    from rodepil.report.localize.alone import write_localize_report  # noqa: PLC0415

    del progress
    paths = write_localize_report(workspace, settings)
    folder = workspace.localize_results
    return f"{len(paths)} files in {folder}; open {folder / 'report.html'}"

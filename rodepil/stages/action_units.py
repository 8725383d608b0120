"""Stages of action units: units, units_clips, i3d_stand_in, sequences, localize, detector."""

from __future__ import annotations

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.progress import Progress


def units(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Fill data/ratseizure/source with simulated clips of action units, or with imported ones.

    Raises
    ------
    SourceError
        Clips shall be imported and none are.
    """
    from rodepil.data.ratseizure.simulated import fill_source  # noqa: PLC0415

    imported, folder = workspace.units_imported, workspace.units_source
    source = fill_source(settings.ratseizure, imported, folder, progress)
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

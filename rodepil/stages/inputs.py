"""Stages of what models learn from and start from: features and pretrain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.progress import Progress

if TYPE_CHECKING:
    from rodepil.store.views.base import View


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

"""The stand-in for I3D's published weights: made once, gone on with, and found by its name.

::

    data/ratseizure/i3d_stand_in/
        i3d.pt           the network, under the published names
        learned.json     what it has learned, or why there is none; written last
"""

from __future__ import annotations

from collections.abc import Mapping

from rodepil.config.localize import SequenceSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import short_hash
from rodepil.io.labels import ACTION_UNITS
from rodepil.io.progress import Progress
from rodepil.localize.stand_in import TaughtI3D, teach
from rodepil.models.extract import I3D_FILE, I3D_STAND_IN
from rodepil.models.i3d.weights import write_i3d
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.trials.identity import CODE, code_digest
from rodepil.trials.made_once import Learned, MadeOnce

RECORD = "learned.json"
ORIGIN = "a stand-in: trained on simulated action units of subjects of its own, not on Kinetics"
_LEARNS = (*CODE, "simulate", "localize/stand_in.py")
_UNCOUNTED: dict[str, set[str] | bool] = {
    "model": True,
    "stride_frames": True,
    "imported_width": True,
    "stand_in": {"device"},
}
"""Settings that say nothing of what the network learns."""


def make_i3d_stand_in(
    settings: ProjectSettings, workspace: Workspace, progress: Progress | None = None
) -> str:
    """Teach the network of the settings, unless that is done, and say what it has learned.

    Where the settings name another network nothing is learned, and the record says so.

    Raises
    ------
    SettingError
        Stretches are shorter than a window.
    TrainingError
        The loss is not finite, or memory runs out.
    """
    sequence, place = settings.sequence, _place(workspace)
    if sequence.model != I3D_STAND_IN:
        return place.leave_out("sequence.model", sequence.model)
    identity = i3d_stand_in_id(sequence)

    def learn(checkpoints: CheckpointFolder) -> Learned:
        taught = teach(sequence, identity=identity, checkpoints=checkpoints, progress=progress)
        return Learned(
            lambda path: write_i3d(path, taught.network, learned_from=()), _record(taught)
        )

    return place.make(identity, workspace.pretraining / identity, learn, _told)


def i3d_stand_in_id(settings: SequenceSettings) -> str:
    """Return the identity of a stand-in: its recipe, network, windows and code."""
    recipe = settings.model_dump(mode="json", exclude=_UNCOUNTED)
    return short_hash("i3d stand-in", code_digest(_LEARNS), recipe)


def _place(workspace: Workspace) -> MadeOnce:
    folder = workspace.i3d_stand_in
    return MadeOnce(folder / I3D_FILE, folder / RECORD, ORIGIN)


def _record(taught: TaughtI3D) -> dict[str, object]:
    return {
        "units": list(ACTION_UNITS),
        "windows": taught.windows,
        "accuracy": taught.accuracy,
        "accuracy_by_unit": taught.by_unit,
    }


def _told(record: Mapping[str, object]) -> str:
    return (
        f"a stand-in that names {record.get('accuracy', 0):.1%} of windows of unseen stretches of "
        f"{len(ACTION_UNITS)} simulated action units right after {record.get('windows')} windows"
    )

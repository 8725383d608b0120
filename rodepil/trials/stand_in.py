"""The stand-in for published weights: made once, gone on with, and found where those would be.

::

    data/weights/simulated_actions/
        stand_in.pyth       the network, in the structure of the published checkpoints
        pretraining.json    what it has learned, or why there is none; written last
"""

from __future__ import annotations

import json
import shutil

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import write_json
from rodepil.io.progress import Progress
from rodepil.models.weights import WeightsNote, write_official
from rodepil.simulate.actions import ACTIONS
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.pretrain import Pretrained, pretrain
from rodepil.trials.identity import pretraining_id

FILE, RECORD = "stand_in.pyth", "pretraining.json"
ORIGIN = "a stand-in: trained on simulated moving shapes, neither on Kinetics nor on ImageNet"


def make_stand_in(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Pretrain the network of the settings, unless that is done, and say what it has learned.

    Raises
    ------
    TrainingError
        The loss is not finite, or memory runs out.
    """
    identity = pretraining_id(settings)
    folder = workspace.stand_in
    if (folder / FILE).is_file() and _recorded(workspace).get("id") == identity:
        return f"{folder / FILE} is there already, {_told(_recorded(workspace))}"
    kept = CheckpointFolder(workspace.pretraining / identity)
    found = pretrain(
        settings.pretrain,
        settings.model,
        settings.features,
        identity=identity,
        checkpoints=kept,
        progress=progress,
    )
    (folder / RECORD).unlink(missing_ok=True)
    note = WeightsNote(heads=settings.model.heads, origin=ORIGIN, learned_from=())
    write_official(
        folder / FILE, found.model.state_dict(), note, {"epoch": settings.pretrain.epochs}
    )
    write_json(folder / RECORD, _record(identity, found))
    shutil.rmtree(kept.folder, ignore_errors=True)
    return f"{folder / FILE}, {_told(_recorded(workspace))}"


def leave_out(settings: ProjectSettings, workspace: Workspace) -> str:
    """Say, in words and in the record, that no stand-in is wanted."""
    start = settings.model.pretrained
    (workspace.stand_in / FILE).unlink(missing_ok=True)
    write_json(workspace.stand_in / RECORD, {"made": False, "pretrained": start})
    return f"no stand-in is wanted: model.pretrained is '{start}'"


def _record(identity: str, found: Pretrained) -> dict[str, object]:
    return {
        "made": True,
        "id": identity,
        "what": ORIGIN,
        "actions": list(ACTIONS),
        "clips": found.clips,
        "accuracy": found.accuracy,
        "accuracy_by_action": found.by_action,
    }


def _recorded(workspace: Workspace) -> dict[str, object]:
    path = workspace.stand_in / RECORD
    record: dict[str, object] = json.loads(path.read_bytes()) if path.is_file() else {}
    return record


def _told(record: dict[str, object]) -> str:
    actions = record.get("accuracy_by_action")
    count = len(actions) if isinstance(actions, dict) else 0
    return (
        f"a stand-in that names {record.get('accuracy', 0):.1%} of unseen clips of {count} "
        f"simulated actions right after {record.get('clips')} clips"
    )

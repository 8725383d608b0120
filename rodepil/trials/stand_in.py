"""The stand-in for published weights: made once, gone on with, and found where those would be.

::

    data/weights/simulated_actions/
        stand_in.pyth       the network, in the structure of the published checkpoints
        pretraining.json    what it has learned, or why there is none; written last
"""

from __future__ import annotations

from collections.abc import Mapping

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.progress import Progress
from rodepil.models.weights import WeightsNote, write_official
from rodepil.simulate.actions import ACTIONS
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.pretrain import Pretrained, pretrain
from rodepil.trials.identity import pretraining_id
from rodepil.trials.made_once import Learned, MadeOnce

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

    def learn(checkpoints: CheckpointFolder) -> Learned:
        found = pretrain(
            settings.pretrain,
            settings.model,
            settings.features,
            identity=identity,
            checkpoints=checkpoints,
            progress=progress,
        )
        note = WeightsNote(heads=settings.model.heads, origin=ORIGIN, learned_from=())
        state, epochs = found.model.state_dict(), {"epoch": settings.pretrain.epochs}
        return Learned(lambda path: write_official(path, state, note, epochs), _record(found))

    return _place(workspace).make(identity, workspace.pretraining / identity, learn, _told)


def leave_out(settings: ProjectSettings, workspace: Workspace) -> str:
    """Say, in words and in the record, that no stand-in is wanted."""
    return _place(workspace).leave_out("model.pretrained", settings.model.pretrained)


def _place(workspace: Workspace) -> MadeOnce:
    return MadeOnce(workspace.stand_in / FILE, workspace.stand_in / RECORD, ORIGIN)


def _record(found: Pretrained) -> dict[str, object]:
    return {
        "actions": list(ACTIONS),
        "clips": found.clips,
        "accuracy": found.accuracy,
        "accuracy_by_action": found.by_action,
    }


def _told(record: Mapping[str, object]) -> str:
    actions = record.get("accuracy_by_action")
    count = len(actions) if isinstance(actions, dict) else 0
    return (
        f"a stand-in that names {record.get('accuracy', 0):.1%} of unseen clips of {count} "
        f"simulated actions right after {record.get('clips')} clips"
    )

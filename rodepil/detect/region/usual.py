"""The detector that options ask for; YOLO's network is the one named, else the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from rodepil.config.workspace import Workspace
from rodepil.data.region import Detector, FixedBox, Motion, Yolo
from rodepil.data.region.found import XYWH
from rodepil.errors import CageError, ModelError

ONNX_FILE: Final = "detector.onnx"

Kind = Literal["fixed", "motion", "yolo"]


def usual_weights(workspace: Workspace) -> Path | None:
    """Return the detector that the project has made, None where there is none."""
    path = workspace.detector / ONNX_FILE
    return path if path.is_file() else None


def detector_of(
    kind: Kind, workspace: Workspace, *, weights: Path | None = None, box: XYWH | None = None
) -> tuple[Detector, tuple[str, ...]]:
    """Return a detector, and what to know of it, one sentence each.

    Parameters
    ----------
    kind
        ``fixed``: always `box`. ``motion``: what was not there for most of the time. ``yolo``: a
        network.
    workspace
        The project, whose own network is taken where none is named.
    weights
        YOLO's network, an ONNX file.
    box
        Left, top, width, height in pixels of what is searched.

    Raises
    ------
    CageError
        A fixed detector has no box, or another has one.
    ModelError
        The network is missing or wrong, or one is given that is not wanted.
    """
    if weights is not None and kind != "yolo":
        raise ModelError(f"the detector '{kind}' has no network; leave --weights out")
    if (box is None) == (kind == "fixed"):
        raise CageError(
            "a fixed detector wants its box; give it with --box x,y,width,height"
            if box is None
            else f"the detector '{kind}' finds its box itself; leave --box out, or take 'fixed'"
        )
    if box is not None:
        return FixedBox(box), ()
    if kind == "motion":
        return Motion(), ()
    network = weights or usual_weights(workspace)
    if network is None:
        raise ModelError(
            "a YOLO detector wants its network; give it with --weights FILE.onnx, or make the "
            "demo's (dvc repro detector)"
        )
    own = f"boxes are by {network}, which learned from simulated cages alone"
    return Yolo(network), () if weights else (own,)

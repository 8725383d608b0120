"""A seizure: action units in the order of Racine's stages.

Face first, then the head, the forelimbs, rearing, rearing and falling, and in the strongest
running, jumping and tonus. Many seizures end before the last stage. The whole body jerks
while the animal stays where it is, except when it runs or jumps.

References
----------
.. [1] Racine, R. J. (1972). Modification of seizure activity by electrical stimulation: II.
   Motor seizure. Electroencephalography and Clinical Neurophysiology, 32(3), 281-294.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rodepil.io.labels import RACINE_STAGES
from rodepil.simulate.pose import Bout, Drive, Pose
from rodepil.simulate.signals import Signal, Signals, ramp

_LAST_STAGES = ((3, 0.10), (4, 0.15), (5, 0.40), (6, 0.20), (7, 0.15))
"""At which stage a seizure ends, and how often."""
_STARING_S = (0.5, 1.0)
_LURCH_PX_S, _DASH_PX_S, _HOP_PX_S = (110.0, 190.0), (300.0, 420.0), (160.0, 260.0)
_FALLS_AGAIN = 0.6
"""How often an animal that fell rears and falls once more."""


@dataclass(frozen=True)
class _Step:
    """A movement within a seizure: its units, and the range of its share of the time."""

    units: tuple[str, ...]
    share: tuple[float, float]


_TWIST = 1.6
"""How far a jerk turns the whole body, beside what a step asks for."""

_STEPS: dict[str, _Step] = {
    "mouth": _Step(("mouth clonus",), (0.6, 1.2)),
    "nodding": _Step(("head nodding",), (0.8, 1.5)),
    "wet dog": _Step(("wet dog shakes",), (0.8, 1.5)),
    "neck": _Step(("neck jerk",), (0.8, 1.5)),
    "unilateral": _Step(("unilateral forelimb clonus",), (2.5, 4.5)),
    "bilateral": _Step(("bilateral forelimb clonus",), (2.5, 4.5)),
    "alternating": _Step(("alternating forelimb clonus",), (2.5, 4.5)),
    "rearing": _Step(("rearing", "bilateral forelimb clonus"), (2.0, 4.0)),
    "falling": _Step(("falling",), (1.8, 3.3)),
    "running": _Step(("wild running",), (2.0, 3.0)),
    "jumping": _Step(("jumping",), (1.5, 2.5)),
    "tonic": _Step(("tonic extension",), (1.5, 2.5)),
}
_SECOND = ("nodding", "wet dog", "neck")
_THIRD = ("unilateral", "bilateral", "alternating")
_SIXTH = ("running", "jumping")


def seizure_bouts(start_s: float, end_s: float, rng: np.random.Generator) -> list[Bout]:
    """Fill one seizure with action units, stage after stage.

    It begins with staring, which lasts under a second whatever the seizure's length; the
    other movements share the rest.
    """
    stages, odds = zip(*_LAST_STAGES, strict=True)
    kinds = _sequence(int(rng.choice(stages, p=odds)), rng)
    stared_s = start_s + float(rng.uniform(*_STARING_S))
    shares = np.cumsum([rng.uniform(*_STEPS[kind].share) for kind in kinds])
    edges = [stared_s, *(stared_s + shares / shares[-1] * (end_s - stared_s)).tolist()]
    edges[-1] = end_s
    bouts = [Bout("staring", start_s, stared_s, blend_s=0.5, units=("staring",))]
    for kind, begin, end in zip(kinds, edges[:-1], edges[1:], strict=True):
        drive, speed_px_s = _travel(kind, rng)
        bouts.append(Bout(kind, begin, end, drive, speed_px_s, 0.3, _STEPS[kind].units))
    return bouts


def _sequence(last_stage: int, rng: np.random.Generator) -> list[str]:
    """Choose the movements after staring, up to `last_stage`."""
    third = [str(kind) for kind in rng.permutation(_THIRD)]
    kinds = ["mouth", str(rng.choice(_SECOND)), third[0]]
    if last_stage == RACINE_STAGES["bilateral forelimb clonus"]:
        return [*kinds, third[1]]
    kinds.append("rearing")
    if last_stage >= RACINE_STAGES["falling"]:
        kinds += ["falling", "rearing", "falling"] if rng.random() < _FALLS_AGAIN else ["falling"]
    if last_stage >= RACINE_STAGES["wild running"]:
        kinds += [str(kind) for kind in rng.permutation(_SIXTH)[: rng.integers(1, 3)]]
    if last_stage >= RACINE_STAGES["tonic extension"]:
        kinds.append("tonic")
    return kinds


def _travel(kind: str, rng: np.random.Generator) -> tuple[Drive, float]:
    """How the body travels during a movement, and how fast in px/s."""
    if kind == "running":
        return "dash", float(rng.uniform(*_DASH_PX_S))
    if kind == "jumping":
        return "hop", float(rng.uniform(*_HOP_PX_S))
    if kind in {*_THIRD, "rearing", "falling"}:
        return "lurch", float(rng.uniform(*_LURCH_PX_S))
    return "hold", 0.0


def _shaken(signals: Signals, shift_px: float, twist: float) -> dict[str, Signal | float]:
    """Jerk the whole body; what else is here stands as in normal behaviour."""
    return {
        "shift_x": shift_px * signals.clonus(),
        "shift_y": 0.8 * shift_px * signals.clonus(),
        "twist": _TWIST * twist * signals.clonus(),
        "tail": 0.6 * signals.slow(0.4) + 0.4 * signals.clonus(1, 3),
    }


def _seated(signals: Signals, shift_px: float, twist: float) -> dict[str, Signal | float]:
    """Sit or stand as a grooming or sniffing rat does, and jerk."""
    return {
        **_shaken(signals, shift_px, twist),
        "pitch": signals.hold(0.15, 0.7) + 0.1 * signals.clonus(),
        "hunch": signals.hold(0.25, 1.0),
        "stretch": signals.hold(0.86, 1.03),
        "bend": 0.45 * signals.clonus(),
        "roll": 0.25 * signals.clonus(),
        "head_yaw": 0.55 * signals.clonus(),
        "head_pitch": -0.3 + 0.5 * signals.clonus(),
        "fore_left": signals.hold(0.2, 1.5) + 0.2 * signals.clonus(),
        "fore_right": signals.hold(0.2, 1.5) + 0.2 * signals.clonus(),
        "spread": signals.hold(0.4, 0.6),
    }


def _staring(signals: Signals) -> Pose:
    return {
        "head_yaw": signals.hold(-0.6, 0.6), "head_pitch": signals.hold(-0.6, 0.5),
        "pitch": signals.hold(0.0, 0.5), "hunch": signals.hold(0.2, 0.9),
        "stretch": signals.hold(0.86, 1.03), "bend": signals.hold(-0.5, 0.5),
        "fore_left": signals.hold(0.2, 1.2), "fore_right": signals.hold(0.2, 1.2),
        "tail": signals.hold(-1.2, 1.2),
    }  # fmt: skip


def _mouth(signals: Signals) -> Pose:
    return {**_seated(signals, 18.0, 0.5), "head_pitch": -0.2 + 0.6 * signals.clonus(4, 7)}


def _nodding(signals: Signals) -> Pose:
    return {
        **_seated(signals, 19.0, 0.55),
        "pitch": signals.hold(0.2, 0.6) + 0.2 * signals.clonus(),
        "head_pitch": -0.1 + 0.85 * signals.clonus(3, 5),
    }


def _wet_dog(signals: Signals) -> Pose:
    return {
        **_seated(signals, 19.0, 0.6),
        "roll": 0.5 * signals.clonus(5, 8),
        "head_yaw": 0.7 * signals.clonus(5, 8),
    }


def _neck(signals: Signals) -> Pose:
    jerk = signals.clonus(3, 5)
    return {**_seated(signals, 19.0, 0.6), "head_yaw": 0.85 * jerk, "bend": 0.5 * jerk}


def _unilateral(signals: Signals) -> Pose:
    limb = "fore_left" if signals.side() > 0 else "fore_right"
    return {**_seated(signals, 22.0, 0.75), limb: 0.9 + 0.9 * signals.clonus()}


def _bilateral(signals: Signals) -> Pose:
    paws = 0.9 + 0.9 * signals.clonus()
    return {**_seated(signals, 22.0, 0.75), "fore_left": paws, "fore_right": paws}


def _alternating(signals: Signals) -> Pose:
    jerk = 0.9 * signals.clonus()
    return {**_seated(signals, 22.0, 0.75), "fore_left": 0.9 + jerk, "fore_right": 0.9 - jerk}


def _rearing(signals: Signals) -> Pose:
    paws = 0.9 + 0.8 * signals.clonus()
    return {
        **_seated(signals, 22.0, 0.75),
        "pitch": signals.hold(0.75, 1.15) + 0.2 * signals.clonus(),
        "hunch": signals.hold(0.0, 0.2),
        "stretch": signals.hold(0.98, 1.1),
        "fore_left": paws,
        "fore_right": paws,
    }


def _falling(signals: Signals) -> Pose:
    """Fall to a side, lie jerking, get up, fall again."""
    cycle_s = signals.hold(1.5, 2.2)
    turn = signals.time_s / cycle_s
    sides = signals.rng.choice([-1.0, 1.0], int(turn[-1]) + 1)[turn.astype(int)]
    down = ramp((turn % 1.0) / 0.15) * ramp((1.0 - turn % 1.0) / 0.2)
    return {
        **_seated(signals, 22.0, 0.8),
        "roll": sides * down * signals.hold(1.0, 1.4) + 0.2 * signals.clonus(),
        "pitch": 0.6 * (1.0 - down) + 0.1 * signals.clonus(),
        "stretch": signals.hold(0.9, 1.12),
        "hunch": signals.hold(0.0, 0.8),
        "fore_left": 0.6 + 0.8 * signals.clonus(),
        "fore_right": 0.6 + 0.8 * signals.clonus(),
        "hind_left": -0.2 + 0.8 * signals.clonus(),
        "hind_right": -0.2 + 0.8 * signals.clonus(),
    }


def _running(signals: Signals) -> Pose:
    gait = signals.rhythm(5.0)
    return {
        "shift_y": 6.0 * signals.clonus(), "hunch": 0.2 + 0.15 * gait, "stretch": 1.06,
        "bend": 0.3 * signals.slow(0.3), "head_yaw": 0.35 * signals.slow(0.3),
        "head_pitch": -0.1 + 0.25 * signals.slow(0.3),
        "fore_left": 0.3 + 0.7 * gait, "fore_right": 0.3 + 0.7 * gait,
        "hind_left": 0.3 - 0.7 * gait, "hind_right": 0.3 - 0.7 * gait,
        "tail": 0.5 * signals.slow(0.4),
    }  # fmt: skip


def _jumping(signals: Signals) -> Pose:
    phase = (signals.time_s * signals.hold(1.6, 2.2)) % 1.0
    height = np.clip(np.sin(2 * np.pi * phase), 0.0, None)
    return {
        **_seated(signals, 10.0, 0.5),
        "lift": 40.0 * height,
        "pitch": 0.25 + 0.7 * height + 0.15 * signals.clonus(),
        "hunch": 0.6 - 0.4 * height,
        "hind_left": 0.4 - 0.7 * height,
        "hind_right": 0.4 - 0.7 * height,
    }


def _tonic(signals: Signals) -> Pose:
    reach = signals.hold(1.0, 1.4)
    return {
        **_shaken(signals, 19.0, 0.6),
        "roll": signals.side() * signals.hold(0.6, 1.4) + 0.15 * signals.clonus(5, 9),
        "stretch": 1.15 + 0.05 * signals.clonus(5, 9),
        "hunch": -0.1,
        "pitch": 0.0,
        "head_yaw": 0.4 * signals.clonus(5, 9),
        "head_pitch": 0.3 + 0.3 * signals.clonus(5, 9),
        "bend": 0.35 * signals.clonus(5, 9),
        "fore_left": reach + 0.2 * signals.clonus(5, 9),
        "fore_right": reach + 0.2 * signals.clonus(5, 9),
        "hind_left": 0.1 - reach + 0.2 * signals.clonus(5, 9),
        "hind_right": 0.1 - reach + 0.2 * signals.clonus(5, 9),
    }


POSES: dict[str, Callable[[Signals], Pose]] = {
    "staring": _staring, "mouth": _mouth, "nodding": _nodding, "wet dog": _wet_dog, "neck": _neck,
    "unilateral": _unilateral, "bilateral": _bilateral, "alternating": _alternating,
    "rearing": _rearing, "falling": _falling, "running": _running, "jumping": _jumping,
    "tonic": _tonic,
}  # fmt: skip
"""How each movement of a seizure moves the joints."""

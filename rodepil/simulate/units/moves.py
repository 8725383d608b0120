"""How a rat moves in each action unit: each in a way of its own, for seconds on end.

In a simulated seizure the whole body jerks whatever the unit; here a unit is what its name says
and nothing else moves, as an annotator tells one from another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rodepil.simulate.behaviour import POSES
from rodepil.simulate.pose import Drive, Pose
from rodepil.simulate.signals import Signal, Signals, ramp

NORMAL: tuple[str, ...] = ("walk", "sniff", "groom", "stretch")
"""Normal behaviours that ``others`` is made of."""

_LIFT_PX = 46.0
_UP_S, _DOWN_S = 0.2, 0.35


@dataclass(frozen=True)
class Move:
    """An action unit as movement.

    Parameters
    ----------
    pose
        How it moves the joints.
    drive, speed_px_s
        How the body travels meanwhile, and the range of its greatest speed.
    lends
        Channels of its pose that make it, where it happens on top of another unit; none if it
        can't.
    """

    pose: Callable[[Signals], Pose]
    drive: Drive = "hold"
    speed_px_s: tuple[float, float] = (0.0, 0.0)
    lends: frozenset[str] = frozenset()


def _standing(signals: Signals) -> dict[str, Signal | float]:
    """Stand on four feet, each clip a little otherwise."""
    return {
        "pitch": signals.hold(0.02, 0.12),
        "hunch": signals.hold(0.2, 0.5),
        "bend": signals.hold(-0.3, 0.3),
        "tail": signals.hold(-1.0, 1.0),
    }


def _sitting(signals: Signals) -> dict[str, Signal | float]:
    """Sit up, so that the forelimbs are free."""
    return {
        **_standing(signals),
        "pitch": signals.hold(0.45, 0.65),
        "hunch": signals.hold(0.4, 0.7),
        "fore_left": 0.7,
        "fore_right": 0.7,
        "spread": signals.hold(0.8, 1.0),
    }


def normal(signals: Signals, kind: str) -> Pose:
    """Do what a healthy rat does: `kind` is one of `NORMAL`."""
    return POSES[kind](signals)


def _others(signals: Signals) -> Pose:
    return normal(signals, str(signals.rng.choice(NORMAL)))


def _staring(signals: Signals) -> Pose:
    return {**_standing(signals), "head_yaw": signals.hold(-0.3, 0.3), "head_pitch": 0.1}


def _mouth(signals: Signals) -> Pose:
    """Chew: the snout trembles fast and little, the head hangs."""
    return {
        **_standing(signals),
        "hunch": signals.hold(0.6, 0.8),
        "head_pitch": -0.55 + 0.22 * signals.rhythm(signals.hold(6.5, 8.0), 0.08),
    }


def _wet_dog(signals: Signals) -> Pose:
    """Shake trunk and head about the spine, fast."""
    turn = signals.rhythm(signals.hold(8.0, 10.0), 0.05)
    return {
        **_standing(signals),
        "roll": 0.75 * turn,
        "head_yaw": -0.5 * turn,
        "twist": 0.12 * turn,
        "spread": 0.9,
    }


def _nodding(signals: Signals) -> Pose:
    """Nod slowly and far."""
    nod = signals.rhythm(signals.hold(1.6, 2.2), 0.1)
    return {**_standing(signals), "pitch": 0.2 + 0.1 * nod, "head_pitch": 0.15 + 0.85 * nod}


def _neck(signals: Signals) -> Pose:
    """Throw the head to one side, time after time, and let it come back slowly."""
    side = signals.side()
    phase = (signals.time_s * signals.hold(1.2, 1.7) + signals.rng.uniform()) % 1.0
    jerk = ramp(phase / 0.1) * ramp((1.0 - phase) / 0.6)
    return {
        **_standing(signals),
        "head_yaw": side * 1.15 * jerk,
        "bend": side * 0.7 * jerk,
        "twist": side * 0.15 * jerk,
    }


def _limb_beat(signals: Signals) -> Signal:
    """Swing of a forelimb in clonus, range [-1.1, 1.1] rad."""
    return 1.1 * signals.rhythm(signals.hold(3.5, 4.5), 0.1)


def _unilateral(signals: Signals) -> Pose:
    """Jerk one forelimb, leaning away from it."""
    side = signals.side()
    limb, other = ("fore_left", "fore_right") if side > 0 else ("fore_right", "fore_left")
    beat = _limb_beat(signals)
    return {
        **_sitting(signals),
        limb: 1.0 + beat,
        other: -0.1,
        "roll": -0.3 * side,
        "twist": 0.1 * side * beat,
    }


def _bilateral(signals: Signals) -> Pose:
    """Jerk both forelimbs together; the trunk goes with them."""
    beat = _limb_beat(signals)
    return {
        **_sitting(signals),
        "fore_left": 1.0 + beat,
        "fore_right": 1.0 + beat,
        "pitch": 0.55 + 0.2 * beat,
    }


def _alternating(signals: Signals) -> Pose:
    """Jerk the forelimbs in turn; the trunk sways."""
    beat = _limb_beat(signals)
    return {
        **_sitting(signals),
        "fore_left": 1.0 + beat,
        "fore_right": 1.0 - beat,
        "roll": 0.3 * beat,
        "bend": 0.35 * beat,
    }


def _rearing(signals: Signals) -> Pose:
    """Rise on the hind feet, stay up and sway, come down, rise again."""
    cycle = (signals.time_s / signals.hold(2.4, 3.2) + signals.hold(0.0, 0.3)) % 1.0
    up = ramp(cycle / 0.22) * ramp((1.0 - cycle) / 0.22)
    return {
        **_standing(signals),
        "pitch": 0.1 + 1.15 * up,
        "hunch": 0.3 - 0.25 * up,
        "stretch": 1.0 + 0.08 * up,
        "roll": 0.15 * up * signals.rhythm(1.2),
        "fore_left": 0.3 + 0.9 * up,
        "fore_right": 0.3 + 0.9 * up,
    }


def _falling(signals: Signals) -> Pose:
    """Fall to a side, lie, get up, fall again."""
    cycle_s = signals.hold(1.6, 2.2)
    turn = signals.time_s / cycle_s
    sides = signals.rng.choice([-1.0, 1.0], int(turn[-1]) + 1)[turn.astype(int)]
    down = ramp((turn % 1.0) * cycle_s / _UP_S) * ramp((1.0 - turn % 1.0) * cycle_s / _DOWN_S)
    return {
        **_standing(signals),
        "roll": sides * 1.45 * down,
        "pitch": 0.5 * (1.0 - down),
        "twist": sides * 0.35 * down,
        "hind_left": 0.5 - 0.9 * down,
        "hind_right": 0.5 - 0.9 * down,
        "fore_left": 0.3 + 0.5 * down,
        "fore_right": 0.3 + 0.5 * down,
    }


def _running(signals: Signals) -> Pose:
    """Run about, stretched, at a gallop."""
    gait = signals.rhythm(5.0)
    return {
        "hunch": 0.2 + 0.2 * gait,
        "stretch": 1.08 + 0.05 * gait,
        "fore_left": 0.3 + 0.8 * gait,
        "fore_right": 0.3 + 0.8 * gait,
        "hind_left": 0.3 - 0.8 * gait,
        "hind_right": 0.3 - 0.8 * gait,
        "tail": 0.4 * signals.slow(0.4),
    }


def _jumping(signals: Signals) -> Pose:
    """Jump straight up, land, jump again."""
    phase = (signals.time_s * signals.hold(1.5, 2.0)) % 1.0
    height = np.clip(np.sin(2 * np.pi * phase), 0.0, None)
    return {
        "lift": _LIFT_PX * height,
        "pitch": 0.15 + 0.55 * height,
        "hunch": 0.6 - 0.4 * height,
        "fore_left": 0.2 + 0.9 * height,
        "fore_right": 0.2 + 0.9 * height,
        "hind_left": 0.5 - 1.0 * height,
        "hind_right": 0.5 - 1.0 * height,
    }


def _tonic(signals: Signals) -> Pose:
    """Lie on a side, stretched out and stiff, trembling finely."""
    reach = signals.hold(1.2, 1.5)
    tremor = signals.rhythm(10.0, 0.05)
    return {
        "roll": signals.side() * signals.hold(1.1, 1.4),
        "stretch": 1.18 + 0.012 * tremor,
        "hunch": -0.2,
        "pitch": 0.0,
        "head_pitch": 0.5,
        "twist": 0.015 * tremor,
        "fore_left": reach,
        "fore_right": reach,
        "hind_left": -reach,
        "hind_right": -reach,
        "tail": 0.0,
    }


_FORE = frozenset({"fore_left", "fore_right"})

MOVES: dict[str, Move] = {
    "others": Move(_others, "creep", (4.0, 12.0)),
    "staring": Move(_staring),
    "mouth clonus": Move(_mouth, lends=frozenset({"head_pitch"})),
    "wet dog shakes": Move(_wet_dog),
    "head nodding": Move(_nodding, lends=frozenset({"head_pitch"})),
    "neck jerk": Move(_neck, lends=frozenset({"head_yaw", "bend"})),
    "unilateral forelimb clonus": Move(_unilateral, lends=_FORE),
    "bilateral forelimb clonus": Move(_bilateral, lends=_FORE),
    "alternating forelimb clonus": Move(_alternating, lends=_FORE),
    "rearing": Move(_rearing),
    "falling": Move(_falling),
    "wild running": Move(_running, "dash", (300.0, 420.0)),
    "jumping": Move(_jumping, "hop", (25.0, 60.0)),
    "tonic extension": Move(_tonic),
}
"""Every action unit, in the order of their ids."""

HOSTS: tuple[str, ...] = ("rearing", "falling")
"""Units on top of which another may happen."""

GUESTS: tuple[str, ...] = tuple(name for name, move in MOVES.items() if move.lends)
"""Units that may happen on top of another."""

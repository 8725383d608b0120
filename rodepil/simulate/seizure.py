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

import numpy as np

from rodepil.simulate.pose import Bout, Pose
from rodepil.simulate.signals import Signal, Signals, ramp

_LAST_STAGES = ((3, 0.10), (4, 0.15), (5, 0.40), (6, 0.20), (7, 0.15))
_LIMBS = {
    "unilateral": "unilateral forelimb clonus",
    "bilateral": "bilateral forelimb clonus",
    "alternating": "alternating forelimb clonus",
}


def seizure_bouts(start_s: float, end_s: float, rng: np.random.Generator) -> list[Bout]:
    """Fill one seizure with action units, stage after stage.

    The weights of the steps are drawn, then scaled so that they end with the seizure;
    staring stays under two seconds whatever the length.
    """
    stages, odds = zip(*_LAST_STAGES, strict=True)
    last = int(rng.choice(stages, p=odds))
    steps = _steps(last, rng)
    stare_s = rng.uniform(0.7, 1.4)
    bouts = [Bout("staring", start_s, start_s + stare_s, blend_s=0.5, units=("staring",))]
    weights = np.array([rng.uniform(*share) for _, _, share in steps])
    edges = (
        start_s
        + stare_s
        + np.concatenate([[0], np.cumsum(weights)]) / weights.sum() * (end_s - start_s - stare_s)
    )
    edges[-1] = end_s
    for (kind, units, _), begin, end in zip(steps, edges, edges[1:], strict=False):
        bouts.append(_bout(kind, float(begin), float(end), units, rng))
    return bouts


def _bout(
    kind: str, begin: float, end: float, units: tuple[str, ...], rng: np.random.Generator
) -> Bout:
    if kind == "running":
        return Bout(kind, begin, end, "dash", rng.uniform(300, 420), 0.25, units)
    if kind == "jumping":
        return Bout(kind, begin, end, "hop", rng.uniform(160, 260), 0.25, units)
    if kind in {*_LIMBS, "rearing", "falling"}:
        return Bout(kind, begin, end, "lurch", rng.uniform(70, 130), 0.35, units)
    return Bout(kind, begin, end, blend_s=0.35, units=units)


_Step = tuple[str, tuple[str, ...], tuple[float, float]]


def _steps(last: int, rng: np.random.Generator) -> list[_Step]:
    """Steps after staring: kind, units, and the range of relative lengths."""
    limb = str(rng.choice(list(_LIMBS)))
    steps: list[_Step] = [("mouth", ("mouth clonus",), (1.0, 2.0))]
    second = str(rng.choice(["nodding", "wet dog", "neck"], p=[0.5, 0.25, 0.25]))
    unit = {"nodding": "head nodding", "wet dog": "wet dog shakes", "neck": "neck jerk"}[second]
    steps.append((second, (unit,), (1.0, 2.0)))
    steps.append((limb, (_LIMBS[limb],), (2.5, 4.5)))
    if last == 3:
        other = str(rng.choice([name for name in _LIMBS if name != limb]))
        return [*steps, (other, (_LIMBS[other],), (2.5, 4.5))]
    steps.append(("rearing", ("rearing", _LIMBS["bilateral"]), (2.0, 4.0)))
    if last >= 5:
        steps.append(("falling", ("falling",), (2.0, 3.5)))
        if rng.random() < 0.6:
            steps.append(("rearing", ("rearing", _LIMBS["bilateral"]), (1.5, 3.0)))
            steps.append(("falling", ("falling",), (1.5, 3.0)))
    if last >= 6:
        both = [("running", ("wild running",), (2.0, 3.0)), ("jumping", ("jumping",), (1.5, 2.5))]
        kept = [both[index] for index in rng.permutation(2)[: rng.integers(1, 3)]]
        steps.extend(kept)
    if last >= 7:
        steps.append(("tonic", ("tonic extension",), (1.5, 2.5)))
    return steps


def _shaken(signals: Signals, shift_px: float, twist: float) -> dict[str, Signal | float]:
    """Jerks of the whole body."""
    return {
        "shift_x": shift_px * signals.clonus(),
        "shift_y": 0.8 * shift_px * signals.clonus(),
        "twist": twist * signals.clonus(),
    }


def _staring(signals: Signals) -> Pose:
    return {"head_yaw": signals.hold(-0.4, 0.4), "head_pitch": signals.hold(-0.3, 0.5)}


def _mouth(signals: Signals) -> Pose:
    return {
        **_shaken(signals, 20.0, 0.5), "hunch": signals.hold(0.2, 0.9), "pitch": signals.hold(0.0, 0.5),
        "head_pitch": 0.55 * signals.clonus(4, 7), "head_yaw": 0.5 * signals.clonus(),
        "fore_left": signals.hold(0.1, 1.0), "fore_right": signals.hold(0.1, 1.0),
    }  # fmt: skip


def _nodding(signals: Signals) -> Pose:
    return {
        **_shaken(signals, 15.0, 0.3), "hunch": signals.hold(0.2, 0.9),
        "pitch": signals.hold(0.1, 0.5) + 0.2 * signals.clonus(),
        "head_pitch": 0.9 * signals.clonus(3, 5), "head_yaw": 0.3 * signals.clonus(),
        "fore_left": signals.hold(0.1, 1.0), "fore_right": signals.hold(0.1, 1.0),
    }  # fmt: skip


def _wet_dog(signals: Signals) -> Pose:
    shake = signals.clonus(5, 8)
    return {
        **_shaken(signals, 16.0, 0.4), "hunch": signals.hold(0.2, 0.8), "roll": 0.5 * shake,
        "bend": 0.5 * signals.clonus(), "head_yaw": 0.7 * signals.clonus(),
        "pitch": signals.hold(0.0, 0.4), "head_pitch": 0.4 * signals.clonus(),
    }  # fmt: skip


def _neck(signals: Signals) -> Pose:
    jerk = signals.clonus(3, 5)
    return {
        **_shaken(signals, 15.0, 0.35), "hunch": signals.hold(0.2, 0.8), "head_yaw": 0.9 * jerk,
        "bend": 0.5 * jerk, "pitch": signals.hold(0.0, 0.5), "head_pitch": 0.5 * signals.clonus(),
    }  # fmt: skip


def _limbs(
    signals: Signals, left: Signal | float, right: Signal | float
) -> dict[str, Signal | float]:
    """Sit with jerking forelimbs, head and trunk."""
    return {
        **_shaken(signals, 20.0, 0.5), "pitch": signals.hold(0.25, 0.75) + 0.15 * signals.clonus(),
        "hunch": signals.hold(0.4, 1.0), "head_yaw": 0.55 * signals.clonus(),
        "head_pitch": -0.3 + 0.5 * signals.clonus(), "bend": 0.45 * signals.clonus(),
        "roll": 0.3 * signals.clonus(), "fore_left": left, "fore_right": right,
        "tail": 0.8 * signals.clonus(1, 3),
    }  # fmt: skip


def _unilateral(signals: Signals) -> Pose:
    jerk, still = 0.9 + 0.9 * signals.clonus(), signals.hold(0.3, 1.2)
    return _limbs(signals, jerk, still) if signals.side() > 0 else _limbs(signals, still, jerk)


def _bilateral(signals: Signals) -> Pose:
    jerk = signals.clonus()
    return _limbs(signals, 0.9 + 0.9 * jerk, 0.9 + 0.9 * jerk)


def _alternating(signals: Signals) -> Pose:
    jerk = signals.clonus()
    return _limbs(signals, 0.9 + 0.9 * jerk, 0.9 - 0.9 * jerk)


def _rearing(signals: Signals) -> Pose:
    jerk = signals.clonus()
    return {
        **_shaken(signals, 20.0, 0.5), "pitch": signals.hold(0.8, 1.15) + 0.25 * signals.clonus(),
        "hunch": 0.0, "stretch": 1.05, "head_yaw": 0.5 * signals.clonus(),
        "head_pitch": -0.4 + 0.5 * signals.clonus(), "bend": 0.4 * signals.clonus(),
        "roll": 0.3 * signals.clonus(), "fore_left": 0.9 + 0.8 * jerk, "fore_right": 0.9 + 0.8 * jerk,
        "tail": 0.8 * signals.clonus(1, 3),
    }  # fmt: skip


def _falling(signals: Signals) -> Pose:
    """Fall to a side, lie jerking, get up, fall again."""
    cycle_s = signals.hold(1.5, 2.2)
    phase = (signals.time_s / cycle_s) % 1.0
    down = ramp(phase / 0.15) * ramp((1.0 - phase) / 0.2)
    sides = signals.rng.choice([-1.0, 1.0], int(signals.time_s[-1] / cycle_s) + 1)
    side = sides[(signals.time_s / cycle_s).astype(int)]
    up = 1.0 - down
    return {
        **_shaken(signals, 20.0, 0.55), "roll": side * down * 1.3 + 0.25 * signals.clonus(),
        "pitch": 0.6 * up + 0.1 * signals.clonus(), "hunch": signals.hold(0.1, 0.6),
        "head_yaw": 0.5 * signals.clonus(), "head_pitch": 0.5 * signals.clonus(),
        "bend": 0.45 * signals.clonus(), "fore_left": 0.6 + 0.8 * signals.clonus(),
        "fore_right": 0.6 + 0.8 * signals.clonus(), "hind_left": -0.2 + 0.8 * signals.clonus(),
        "hind_right": -0.2 + 0.8 * signals.clonus(), "tail": 1.0 * signals.clonus(1, 3),
    }  # fmt: skip


def _running(signals: Signals) -> Pose:
    gait = signals.rhythm(5.0)
    return {
        "shift_y": 6.0 * signals.clonus(), "hunch": 0.2 + 0.2 * gait, "stretch": 1.08,
        "bend": 0.3 * signals.slow(0.3), "head_yaw": 0.4 * signals.slow(0.3),
        "fore_left": 0.3 + 0.8 * gait, "fore_right": 0.3 + 0.8 * gait,
        "hind_left": 0.2 - 0.9 * gait, "hind_right": 0.2 - 0.9 * gait, "tail": 0.6 * signals.slow(0.4),
    }  # fmt: skip


def _jumping(signals: Signals) -> Pose:
    phase = (signals.time_s * signals.hold(1.6, 2.2)) % 1.0
    height = np.clip(np.sin(2 * np.pi * phase), 0, None)
    return {
        "lift": 42 * height, "pitch": 0.2 + 0.6 * height + 0.2 * signals.clonus(),
        "hunch": 0.6 - 0.4 * height, "twist": 0.4 * signals.clonus(), "roll": 0.35 * signals.clonus(),
        "head_yaw": 0.4 * signals.clonus(), "fore_left": 0.4 + 0.8 * height,
        "fore_right": 0.4 + 0.8 * height, "hind_left": 0.4 - 0.9 * height,
        "hind_right": 0.4 - 0.9 * height, "bend": 0.3 * signals.clonus(),
    }  # fmt: skip


def _tonic(signals: Signals) -> Pose:
    side = signals.side()
    return {
        **_shaken(signals, 15.0, 0.35), "roll": side * 1.3 + 0.15 * signals.clonus(5, 9),
        "stretch": 1.17 + 0.05 * signals.clonus(5, 9), "hunch": -0.1, "pitch": 0.0,
        "head_pitch": 0.4 + 0.3 * signals.clonus(5, 9), "bend": 0.3 * signals.clonus(5, 9),
        "fore_left": 1.4 + 0.2 * signals.clonus(5, 9), "fore_right": 1.4 + 0.2 * signals.clonus(5, 9),
        "hind_left": -1.1 + 0.2 * signals.clonus(5, 9), "hind_right": -1.1 + 0.2 * signals.clonus(5, 9),
    }  # fmt: skip


POSES: dict[str, Callable[[Signals], Pose]] = {
    "staring": _staring, "mouth": _mouth, "nodding": _nodding, "wet dog": _wet_dog, "neck": _neck,
    "unilateral": _unilateral, "bilateral": _bilateral, "alternating": _alternating,
    "rearing": _rearing, "falling": _falling, "running": _running, "jumping": _jumping,
    "tonic": _tonic,
}  # fmt: skip
"""How each movement of a seizure moves the joints."""

"""Normal behaviour: rest, locomotion, sniffing, rearing, scratching, grooming, stretching.

Postures are as bold as those of a seizure (upright, on a side, stretched out, forepaws
raised), but they change slowly, and what is rhythmic is small and local.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from rodepil.simulate.pose import Bout, Drive, Pose
from rodepil.simulate.signals import Signals
from rodepil.simulate.subjects import ACTIVITIES, Subject

ACTIVE_S, REST_S = (30.0, 60.0), (13.0, 26.0)
_LENGTHS_S = {
    "walk": (1.5, 3.0), "sniff": (4.0, 9.0), "rear": (5.0, 9.0), "groom": (7.0, 15.0),
    "scratch": (3.0, 6.0), "stretch": (3.0, 6.0), "recline": (6.0, 12.0),
}  # fmt: skip
_TRAVELS: dict[str, tuple[Drive, tuple[float, float]]] = {
    "walk": ("walk", (22.0, 38.0)), "sniff": ("creep", (3.0, 9.0)),
}  # fmt: skip
_HOME_PX_S = 32.0
_BREATH = 0.006
"""How much breathing lengthens a resting body."""


def normal_bouts(
    start_s: float, end_s: float, subject: Subject, rng: np.random.Generator, *, after_seizure: bool
) -> list[Bout]:
    """Fill a stretch of time with normal behaviour.

    Active and resting periods take turns; after a seizure the animal first lies exhausted.
    """
    bouts: list[Bout] = []
    now = start_s
    for bout in _endless(subject, rng, after_seizure=after_seizure):
        length_s = min(bout.end_s - bout.start_s, end_s - now)
        bouts.append(_moved(bout, now, now + length_s))
        now += length_s
        if now >= end_s - 1e-6:
            return bouts
    return bouts


def _moved(bout: Bout, start_s: float, end_s: float) -> Bout:
    return Bout(bout.kind, start_s, end_s, bout.drive, bout.speed_px_s, bout.blend_s)


def _endless(subject: Subject, rng: np.random.Generator, *, after_seizure: bool) -> Iterator[Bout]:
    if after_seizure:
        yield Bout("recline", 0.0, rng.uniform(3, 6), blend_s=0.9)
    left_s = rng.uniform(*ACTIVE_S) * rng.uniform(0.3, 1.0)
    while True:
        while left_s > 0:
            kind = str(rng.choice(ACTIVITIES, p=np.asarray(subject.habits) / sum(subject.habits)))
            bout = _activity(kind, subject, rng)
            left_s -= bout.end_s
            yield bout
        yield Bout("walk", 0.0, rng.uniform(2, 4), "home", _HOME_PX_S * subject.speed)
        yield Bout(str(rng.choice(["curled", "side"])), 0.0, rng.uniform(*REST_S), blend_s=1.6)
        left_s = rng.uniform(*ACTIVE_S)


def _activity(kind: str, subject: Subject, rng: np.random.Generator) -> Bout:
    drive, speeds = _TRAVELS.get(kind, ("hold", (0.0, 0.0)))
    speed_px_s = float(rng.uniform(*speeds)) * subject.speed
    return Bout(kind, 0.0, float(rng.uniform(*_LENGTHS_S[kind])), drive, speed_px_s)


def _curled(signals: Signals) -> Pose:
    side = signals.side()
    return {
        "bend": side * signals.hold(1.9, 2.6), "hunch": 0.5,
        "stretch": 0.82 + _BREATH * signals.rhythm(1.4),
        "head_yaw": side * signals.hold(0.4, 0.8), "fore_left": -0.2, "fore_right": -0.2,
        "spread": 0.2, "tail": side * signals.hold(1.5, 2.6), "pitch": 0.0,
    }  # fmt: skip


def _lying(signals: Signals, liveliness: float) -> Pose:
    side = signals.side()
    sway = liveliness
    return {
        "roll": side * (signals.hold(0.9, 1.45) + 0.12 * sway * signals.slow()),
        "hunch": signals.hold(0.0, 0.9) + 0.15 * sway * signals.slow(),
        "stretch": signals.hold(0.9, 1.15) + _BREATH * signals.rhythm(1.4),
        "pitch": 0.0,
        "bend": signals.hold(-0.5, 0.5) + 0.25 * sway * signals.slow(),
        "head_yaw": signals.hold(-0.5, 0.5) + 0.4 * sway * signals.slow(),
        "head_pitch": signals.hold(-0.5, 0.4) + 0.4 * sway * signals.slow(),
        "fore_left": signals.hold(-0.2, 1.4) + 0.4 * sway * signals.slow(),
        "fore_right": signals.hold(-0.2, 1.4) + 0.4 * sway * signals.slow(),
        "hind_left": signals.hold(-1.2, 0.8) + 0.3 * sway * signals.slow(),
        "hind_right": signals.hold(-1.2, 0.8) + 0.3 * sway * signals.slow(),
        "tail": signals.hold(-1.2, 1.2) + 0.2 * sway * signals.slow(),
    }  # fmt: skip


def _side(signals: Signals) -> Pose:
    return _lying(signals, 0.0)


def _recline(signals: Signals) -> Pose:
    return _lying(signals, 0.8)


def _walk(signals: Signals) -> Pose:
    gait = signals.rhythm(2.4)
    return {
        "hunch": 0.2, "stretch": 1.06, "bend": 0.12 * gait,
        "head_yaw": 0.3 * signals.slow(), "head_pitch": -0.1 + 0.25 * signals.slow(),
        "fore_left": 0.3 + 0.7 * gait, "fore_right": 0.3 - 0.7 * gait,
        "hind_left": 0.3 - 0.7 * gait, "hind_right": 0.3 + 0.7 * gait,
        "tail": 0.4 * signals.slow(),
    }  # fmt: skip


def _sniff(signals: Signals) -> Pose:
    return {
        "hunch": 0.3 + 0.2 * signals.slow(1.5), "pitch": 0.15 + 0.15 * signals.slow(1.5),
        "head_yaw": 0.5 * signals.slow(), "bend": 0.3 * signals.slow(1.8),
        "head_pitch": -0.1 + 0.4 * signals.slow() + 0.04 * signals.rhythm(7.0),
        "roll": 0.15 * signals.slow(1.5), "stretch": signals.hold(0.88, 1.05),
        "fore_left": 0.6 + 0.4 * signals.slow(), "fore_right": 0.6 + 0.4 * signals.slow(),
        "tail": 0.6 * signals.slow(1.5),
    }  # fmt: skip


def _rear(signals: Signals) -> Pose:
    up = signals.swell(1.1, 1.1)
    return {
        "pitch": 0.06 + up * (signals.hold(0.7, 1.15) + 0.12 * signals.slow(1.3)),
        "hunch": 0.3 - up * signals.hold(0.1, 0.3), "stretch": signals.hold(0.98, 1.1),
        "roll": 0.22 * up * signals.slow(1.3), "bend": 0.3 * signals.slow(1.3),
        "head_yaw": 0.4 * signals.slow(), "head_pitch": -0.1 - up * (0.3 + 0.35 * signals.slow()),
        "fore_left": 0.3 + up * (0.6 + 0.55 * signals.slow()),
        "fore_right": 0.3 + up * (0.6 + 0.55 * signals.slow()),
        "spread": signals.hold(0.4, 0.6), "tail": 0.7 * signals.slow(1.5),
    }  # fmt: skip


def _groom(signals: Signals) -> Pose:
    stroke = signals.rhythm(signals.hold(4.0, 6.0))
    turn = signals.slow(1.3)
    return {
        "pitch": signals.hold(0.2, 0.7) + 0.06 * signals.slow(1.3),
        "hunch": signals.hold(0.4, 1.0), "stretch": signals.hold(0.86, 1.0),
        "bend": 0.3 * turn, "head_yaw": 0.35 * turn + 0.05 * stroke,
        "head_pitch": -0.35 + 0.35 * signals.slow() + 0.1 * stroke,
        "fore_left": 0.9 + 0.45 * signals.slow() + 0.25 * stroke,
        "fore_right": 0.9 + 0.45 * signals.slow() + 0.25 * stroke,
        "roll": 0.18 * signals.slow(1.3), "spread": signals.hold(0.4, 0.6),
        "tail": signals.hold(-1.0, 1.0) + 0.2 * signals.slow(),
    }  # fmt: skip


def _scratch(signals: Signals) -> Pose:
    side = signals.side()
    kick = signals.rhythm(signals.hold(7.0, 9.0))
    limb, other = ("hind_left", "hind_right") if side > 0 else ("hind_right", "hind_left")
    return {
        "pitch": signals.hold(0.15, 0.5), "hunch": signals.hold(0.4, 0.9),
        "stretch": signals.hold(0.86, 1.0), "bend": side * signals.hold(0.1, 0.7),
        "head_yaw": side * signals.hold(0.1, 0.7) + 0.05 * kick,
        "roll": -side * signals.hold(0.0, 0.4), "head_pitch": -0.2 + 0.3 * signals.slow(),
        limb: signals.hold(0.6, 1.3) + 0.3 * kick, other: 0.4,
        "fore_left": signals.hold(0.2, 1.2), "fore_right": signals.hold(0.2, 1.2),
        "tail": signals.hold(-1.0, 1.0),
    }  # fmt: skip


def _stretch(signals: Signals) -> Pose:
    out = signals.swell(1.0, 0.9)
    roll = signals.side() * signals.hold(0.0, 1.4)
    return {
        "stretch": 1 + 0.2 * out, "hunch": 0.3 - 0.4 * out, "pitch": 0.0, "roll": roll * out,
        "head_pitch": 0.4 * out, "head_yaw": 0.3 * signals.slow(), "bend": 0.3 * signals.slow(),
        "fore_left": 0.3 + 1.1 * out, "fore_right": 0.3 + 1.1 * out,
        "hind_left": 0.5 - 1.6 * out, "hind_right": 0.5 - 1.6 * out, "tail": 0.4 * signals.slow(),
    }  # fmt: skip


POSES: dict[str, Callable[[Signals], Pose]] = {
    "curled": _curled, "side": _side, "recline": _recline, "walk": _walk, "sniff": _sniff,
    "rear": _rear, "groom": _groom, "scratch": _scratch, "stretch": _stretch,
}  # fmt: skip
"""How each normal behaviour moves the joints."""

"""What rows of pictures are, in words, for those who look at them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor

from rodepil.vision.augment import Draws
from rodepil.vision.normalize import WHITE

SHOWN_DEG, SHOWN_PX, SHOWN_LIGHT = 0.05, 0.05, 0.005
"""Changes below that are not told."""
COLOURS = {
    "vectors": "red is motion to the right, green motion down (half red, half green: rest), "
    "blue speed; at the rim of the wheel",
    "hsv": "colour is direction, brightness is speed; at the rim of the wheel",
}
TITLES = {"vectors": "Flow as vectors", "hsv": "Flow as colour wheel"}
FRAMES = "RGB: the frames as they are, as in all rows of RGB from level 0 (black) to 255 (white)"
AT_EDGES = (
    "At the edges of frames and at letterbox bars flow is what the method gives there; the network "
    "sees it too."
)


def gap_words(earlier: Tensor, later: Tensor, fps: Fraction) -> str:
    """Return how far apart the frames (T,) are that motion is told by."""
    steps = later - earlier
    low, high = int(steps.min()), int(steps.max())
    low_ms, high_ms = (round(1000 * steps / fps) for steps in (low, high))
    if low == high:
        return f"{_frames(low)} ({low_ms} ms)"
    return f"{low} to {_frames(high)} ({low_ms} to {high_ms} ms)"


@dataclass(frozen=True)
class Telling:
    """What a row of what moves is to say of itself.

    Attributes
    ----------
    title
        What it is called.
    factor
        How many times its numbers are multiplied.
    gap
        How far apart the frames are that it compares; empty where it compares none.
    rests
        Whether nothing in it moves.
    of
        Of which frames it is made, where these are not those of the first row.
    """

    title: str
    factor: int
    gap: str
    rests: bool = False
    of: str = ""

    @property
    def head(self) -> str:
        """The title, with how it was amplified, and of what it is."""
        times = f", {self.factor} times amplified" if self.factor > 1 else ""
        return f"{self.title}{times}{self.of}"


def change_words(row: Telling) -> str:
    """Return what a row of differences is."""
    what = "nothing changes" if row.rests else "how much each pixel changes"
    return (
        f"{row.head}: {what} within {row.gap}; white is a change of {WHITE / row.factor:.3g} of "
        f"{WHITE:g} levels or more"
    )


def wheel_words(row: Telling, picture: str, bound_px: float) -> str:
    """Return what a row of flow is; `bound_px` is where its scale ends when not amplified."""
    still = "nothing moves; " if row.rests else ""
    unamplified = f"; not amplified: {bound_px:.3g} px" if row.factor > 1 else ""
    return (
        f"{row.head}: {still}{COLOURS[picture]} it is {bound_px / row.factor:.3g} px or more "
        f"within {row.gap}{unamplified}"
    )


def own_words(row: Telling) -> str:
    """Return what a row of a modality is of which no more is known."""
    compares = f"of pairs {row.gap} apart" if row.gap else "of each frame alone"
    return f"{row.head}: {compares}; black is 0, white is 1 (255 of bytes)"


def drawn_words(draws: Draws, size: tuple[int, int], jitter: Tensor) -> str:
    """Return what was drawn for the first clip of some; `size` is width and height, px."""
    told = ["mirrored"] if bool(draws.flip[0]) else []
    left, top, width, height = draws.crop[0].tolist()
    if min(width, height) < 1:
        told.append(f"cropped to {width:.0%} x {height:.0%} from {left:.0%}, {top:.0%}")
    angle = float(draws.angle_deg[0])
    if abs(angle) >= SHOWN_DEG:
        told.append(f"turned {abs(angle):.1f} deg {'' if angle > 0 else 'counter'}clockwise")
    right, down = (share * length for share, length in zip(draws.shift_share[0], size, strict=True))
    if max(abs(right), abs(down)) >= SHOWN_PX:
        told.append(
            f"moved {abs(right):.1f} px {'right' if right > 0 else 'left'} and "
            f"{abs(down):.1f} px {'down' if down > 0 else 'up'}"
        )
    brightness, contrast = float(draws.brightness[0]), float(draws.contrast[0])
    if abs(brightness) >= SHOWN_LIGHT:
        told.append(f"brightness {brightness:+.2f}")
    if abs(contrast - 1) >= SHOWN_LIGHT:
        told.append(f"contrast x {contrast:.2f}")
    if bool(jitter.any()):
        told.append("other frames in places than those numbered above")
    return ", ".join(told) or "nothing changed"


def _frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"

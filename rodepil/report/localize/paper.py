"""What is published of RatSeizure and RaSeformer, as data: it stands beside, never in place.

References
----------
Tsai et al.: RatSeizure: A Benchmark and Saliency-Context Transformer for Rat Seizure
Localization; the counts are those of its public annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rodepil.io.labels import ACTION_UNITS

SOURCE: Final = "RatSeizure paper"

MEAN_AP: Final[Mapping[float, float]] = {
    0.3: 0.6483,
    0.4: 0.6153,
    0.5: 0.5756,
    0.6: 0.5303,
    0.7: 0.4847,
}
"""mAP of RaSeformer on RatSeizure by threshold of tIoU, in [0, 1]."""

MEAN: Final = 0.5708
"""Their mean, as printed."""

TRAINING: Final = dict(
    zip(ACTION_UNITS, (241, 34, 40, 46, 53, 46, 47, 50, 51, 47, 45, 46, 50, 40), strict=True)
)
TESTING: Final = dict(
    zip(ACTION_UNITS, (124, 18, 20, 25, 29, 27, 27, 29, 28, 23, 26, 27, 25, 23), strict=True)
)
"""Segments of each unit on either side of the given split."""


def printed(tiou: float) -> float | None:
    """Return the published mAP at a threshold, None where there is none."""
    return next((value for at, value in MEAN_AP.items() if abs(at - tiou) < 1e-9), None)  # noqa: PLR2004

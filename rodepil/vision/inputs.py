"""From what the store holds of clips to what a network reads: the one way, for training and after.

Shapes: B clips, T frames that a network sees, N frames that come with them, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import SettingError
from rodepil.vision.modality import Modality, make_modality
from rodepil.vision.neighbours import pairs_of, seen
from rodepil.vision.sampling import choose, static


@dataclass(frozen=True)
class Inputs:
    """Makes pictures of stored frames.

    Parameters
    ----------
    features
        How the frames are stored.
    modality
        What the network sees of them.
    still
        Whether the middle frame stands in place of every frame, so that nothing moves.
    """

    features: FeatureSettings
    modality: Modality
    still: bool = False

    def shown(self, stored: Tensor, jitter: Tensor | None = None) -> Tensor:
        """Return the frames that count, in one row: what augmentation acts on.

        Parameters
        ----------
        stored
            (B, ..., C, H, W) as the view stores them.
        jitter
            (B, T), of `draw_jitter`: which of the frames that are stored for each one shown; by
            default the middle ones.

        Returns
        -------
        Tensor
            (B, N, C, H, W): N is T where the modality compares no frames; else twice as many with
            native pairs, one more with sampled ones.
        """
        frames = stored
        if self.features.oversample > 1:
            frames = choose(frames, self.features.frames, jitter)
        if self.features.pairs == "native":
            frames = frames.flatten(1, 2)
        alone = seen(frames, self.features.pairs)
        if not self.modality.of_motion:
            return static(alone) if self.still else alone
        return static(alone)[:, :1].expand_as(frames) if self.still else frames

    def pictures(self, shown: Tensor) -> Tensor:
        """Return (B, T, 3, H, W), uint8 in [0, 255] or float in [0, 1], not normalised."""
        if self.modality.of_motion:
            return self.modality(*pairs_of(shown, self.features.pairs))
        return self.modality(shown, shown)

    def __call__(self, stored: Tensor) -> Tensor:
        """Return the pictures of clips that are not augmented."""
        return self.pictures(self.shown(stored))


def make_inputs(
    features: FeatureSettings,
    modality: str = "rgb",
    flow: FlowInputSettings | None = None,
    *,
    still: bool = False,
) -> Inputs:
    """Return what makes a network's pictures.

    Raises
    ------
    SettingError
        There is no such modality, one frame shall show motion, or the frames are too small.
    """
    made = make_modality(modality, flow)
    if made.of_motion and features.pairs == "none" and features.frames == 1:
        raise SettingError(
            f"train.modality '{modality}' compares frames, and features.frames is 1; set "
            "features.pairs to native, or features.frames to 2 or more"
        )
    if features.size_px < made.min_side_px:
        raise SettingError(
            f"train.modality '{modality}' wants frames of {made.min_side_px} px or more, and "
            f"features.size_px is {features.size_px}; raise it"
        )
    return Inputs(features, made, still)

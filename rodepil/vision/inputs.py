"""From what the store holds of clips to what a network reads: the one way, for training and after.

Shapes: B clips, T frames that a network sees, N frames that come with them, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rodepil.config.controls import Control
from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import SettingError
from rodepil.vision.control import STILL, check_control, draw_orders, median, shuffled_places
from rodepil.vision.modality import Modality, make_modality
from rodepil.vision.modality.check import Check
from rodepil.vision.neighbours import pairs_of, seen
from rodepil.vision.sampling import choose, static, take


@dataclass(frozen=True)
class Inputs:
    """Makes pictures of stored frames.

    Parameters
    ----------
    features
        How the frames are stored.
    modality
        What the network sees of them.
    control
        What it goes without, in training and in testing; see `rodepil.config.controls`.
    seed
        What orders are drawn from, with the names of the clips.
    """

    features: FeatureSettings
    modality: Modality
    control: Control = "none"
    seed: int = 0
    _check: Check = field(default_factory=Check, init=False, repr=False, compare=False)

    def shown(
        self, stored: Tensor, jitter: Tensor | None = None, names: Sequence[str] | None = None
    ) -> Tensor:
        """Return the frames that count, in one row: what augmentation acts on.

        Parameters
        ----------
        stored
            (B, ..., C, H, W) as the view stores them.
        jitter
            (B, T), of `draw_jitter`: which of the frames that are stored for each one shown; by
            default the middle ones.
        names
            B ids of clips; wanted where frames are shuffled.

        Returns
        -------
        Tensor
            (B, N, C, H, W): N is T where the modality compares no frames; else twice as many with
            native pairs, one more with sampled ones.

        Raises
        ------
        ValueError
            Frames are to be shuffled, and there is not a name for each clip.
        """
        frames = stored
        if self.features.oversample > 1:
            frames = choose(frames, self.features.frames, jitter)
        if self.features.pairs == "native":
            frames = frames.flatten(1, 2)
        if self.control == "shuffled":
            return self._shuffled(frames, names)
        alone = seen(frames, self.features.pairs)
        row = frames if self.modality.of_motion else alone
        if self.control == "static":
            return static(alone)[:, :1].expand_as(row)
        if self.control == "background":
            return median(stored.flatten(1, -4))[:, None].expand_as(row)
        return row

    def _shuffled(self, frames: Tensor, names: Sequence[str] | None) -> Tensor:
        if names is None or len(names) != len(frames):
            raise ValueError(
                f"{len(frames)} clips are shuffled by their names, and {len(names or ())} names "
                "are given; give one for each"
            )
        pairs, of_motion = self.features.pairs, self.modality.of_motion
        between = of_motion and pairs == "sampled"
        orders = draw_orders(names, self.seed, self.features.frames + between)
        return take(frames, shuffled_places(orders, pairs, of_motion=of_motion))

    def pictures(self, shown: Tensor) -> Tensor:
        """Return (B, T, 3, H, W), uint8 in [0, 255] or float in [0, 1], not normalised.

        Raises
        ------
        ModalityError
            The modality makes something else.
        """
        if not self.modality.of_motion:
            return self._check(self.modality, shown, self.modality(shown, shown))
        before, after = pairs_of(shown, self.features.pairs)
        if self.control in STILL:
            # Farneback finds parts of a pixel of motion even between a frame and itself.
            before = after = torch.zeros_like(before)
        return self._check(self.modality, before, self.modality(before, after))

    def __call__(self, stored: Tensor, names: Sequence[str] | None = None) -> Tensor:
        """Return the pictures of clips that are not augmented; `names` as for `shown`."""
        return self.pictures(self.shown(stored, names=names))


def make_inputs(
    features: FeatureSettings,
    modality: str = "rgb",
    flow: FlowInputSettings | None = None,
    *,
    control: Control = "none",
    seed: int = 0,
    key: str = "train.modality",
) -> Inputs:
    """Return what makes a network's pictures.

    Parameters
    ----------
    features, modality, flow, control, seed
        As the settings have them.
    key
        The setting or option that names the modality, for errors.

    Raises
    ------
    SettingError
        There is no such modality, one frame shall show motion, or the frames are too small for
        it or its windows; or too few for the control.
    """
    check_control(control, features)
    made = make_modality(modality, flow, key=key)
    if made.of_motion and features.pairs == "none" and features.frames == 1:
        raise SettingError(
            f"{key} '{modality}' compares frames, and features.frames is 1; set "
            "features.pairs to native, or features.frames to 2 or more"
        )
    if unfit := made.unfit_for(features.size_px):
        raise SettingError(f"{key} '{modality}' {unfit}")
    return Inputs(features, made, control, seed)

"""I3D: the Inception network of images, inflated to clips.

Shapes: B clips, T frames, C width of the features; H W pixels.

The state dict has the names of the published weights (``Conv3d_1a_7x7.conv3d.weight``,
``Mixed_3b.b1a.bn.running_mean``, ``logits.conv3d.bias`` and so on).

References
----------
Carreira, Zisserman: Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset.
CVPR 2017, arXiv:1705.07750.
Szegedy et al.: Going Deeper with Convolutions. CVPR 2015, arXiv:1409.4842.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from rodepil.errors import ModelError
from rodepil.models.i3d.slide import shares, slide
from rodepil.models.i3d.units import Mixed, Pool, Unit

FULL_WIDTH = 64
"""Channels of the published network's first convolution."""

FEATURES = 1024
"""C of the published network."""

LOGITS = "logits.conv3d"

STEM = ("Conv3d_1a_7x7", "MaxPool3d_2a_3x3", "Conv3d_2b_1x1", "Conv3d_2c_3x3", "MaxPool3d_3a_3x3")
"""What stands before the inception modules."""

MIXED = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
"""Channels of b0, b1a, b1b, b2a, b2b, b3b in each inception module."""

POOLS = {
    "4b": ("MaxPool3d_4a_3x3", (3, 3, 3), (2, 2, 2)),
    "5b": ("MaxPool3d_5a_2x2", (2, 2, 2), (2, 2, 2)),
}
"""What stands ahead of an inception module: name, kernel and stride."""


class Logits(nn.Module):
    """A linear layer under the name that it has as a convolution."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(width, classes, 1)

    def forward(self, pooled: Tensor) -> Tensor:
        """Return (B, classes) of `pooled` (B, C)."""
        scores: Tensor = self.conv3d(pooled[..., None, None, None])
        return scores.flatten(1)


class I3D(nn.Module):
    """A clip's classifier and maker of features.

    Parameters
    ----------
    width
        Channels of the first convolution; all others keep their proportion to it. 64 is the
        published network, with 1024 features; a width of 8 gives 128.
    frames
        T, frames of every clip.
    size_px
        Height and width of every frame in pixels.
    classes
        Number of logits; 0 leaves them out.

    Raises
    ------
    ModelError
        A count is below 1, or the width no multiple of 4.
    """

    def __init__(
        self, width: int = FULL_WIDTH, *, frames: int = 16, size_px: int = 224, classes: int = 400
    ) -> None:
        super().__init__()
        _check_sizes(width, frames=frames, size_px=size_px, classes=classes)
        self.width, self.frames, self.size_px, self.classes = width, frames, size_px, classes
        one, three = self._scaled(64), self._scaled(192)
        self.add_module(STEM[0], Unit(3, one, (7, 7, 7), (2, 2, 2)))
        self.add_module(STEM[1], Pool((1, 3, 3), (1, 2, 2)))
        self.add_module(STEM[2], Unit(one, one))
        self.add_module(STEM[3], Unit(one, three, (3, 3, 3)))
        self.add_module(STEM[4], Pool((1, 3, 3), (1, 2, 2)))
        before = three
        for name, channels in MIXED.items():
            if name in POOLS:
                pool, kernel, stride = POOLS[name]
                self.add_module(pool, Pool(kernel, stride))
            widths = tuple(map(self._scaled, channels))
            self.add_module(f"Mixed_{name}", Mixed(before, widths))
            before = widths[0] + widths[2] + widths[4] + widths[5]
        if classes:
            self.logits = Logits(before, classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Score clips.

        Parameters
        ----------
        clips
            (B, T, 3, H, W) float, RGB, range [-1, 1].

        Returns
        -------
        Tensor
            Logits (B, classes).

        Raises
        ------
        ModelError
            The clips are of another shape than the network was made for, or not float; or it
            was made without logits.
        """
        if not self.classes:
            raise ModelError("this I3D has no logits; take 'pooled', or make it with classes")
        scores: Tensor = self.logits(self.pooled(clips))
        return scores

    @property
    def pooled_width(self) -> int:
        """C, the length of what `pooled` gives."""
        return self._scaled(FEATURES)

    def pooled(self, clips: Tensor) -> Tensor:
        """Return the features that the logits read.

        At 16 frames of 224 px the mean over all that is left, [2, 7, 7], is the published
        average pool.

        Parameters
        ----------
        clips
            (B, T, 3, H, W) float, RGB, range [-1, 1].

        Returns
        -------
        Tensor
            (B, C), of the dtype that the network computes in.

        Raises
        ------
        ModelError
            As when clips are scored.
        """
        self._check(clips)
        volume = clips.to(self.dtype).transpose(1, 2)
        volume = volume.contiguous(memory_format=torch.channels_last_3d)
        for part in self.stem():
            volume = part(volume)
        return self.after_stem(volume)

    def shares(self, stride_frames: int) -> bool:
        """Tell whether `slide` at that stride makes once what windows have in common."""
        return shares(self, stride_frames)

    def slide(self, clip: Tensor, stride_frames: int) -> Tensor:
        """Return `pooled` of every window of (N, 3, H, W) that fits whole; see `i3d.slide`."""
        return slide(self, clip, stride_frames)

    def stem(self) -> Sequence[nn.Module]:
        """Return what stands ahead of the inception modules."""
        return [self.get_submodule(name) for name in STEM]

    def after_stem(self, volume: Tensor) -> Tensor:
        """Return the features (B, C) of what the stem gives, (B, 3 · width, T/2, H/8, W/8)."""
        for part in self._mixed():
            volume = part(volume)
        return volume.float().mean(dim=(2, 3, 4)).to(volume.dtype)

    def _mixed(self) -> Iterator[nn.Module]:
        for name in MIXED:
            if name in POOLS:
                yield self.get_submodule(POOLS[name][0])
            yield self.get_submodule(f"Mixed_{name}")

    @property
    def dtype(self) -> torch.dtype:
        """What its weights are of."""
        return next(self.parameters()).dtype

    def _scaled(self, channels: int) -> int:
        return channels * self.width // FULL_WIDTH

    def _check(self, clips: Tensor) -> None:
        wanted = (self.frames, 3, self.size_px, self.size_px)
        if tuple(clips.shape[1:]) != wanted:
            shape = ", ".join(str(side) for side in wanted)
            raise ModelError(
                f"clips have shape {tuple(clips.shape)}, but the model wants (B, {shape}); "
                "sample and resize them with the features the model was made for"
            )
        if not clips.is_floating_point():
            raise ModelError(
                f"clips are {clips.dtype}, but the model wants floats in [-1, 1]; pass them "
                "through rodepil.vision.normalize.normalize with mean 0.5 and std 0.5 first"
            )


def _check_sizes(width: int, *, frames: int, size_px: int, classes: int) -> None:
    for name, value in (("frames", frames), ("size_px", size_px), ("classes", classes + 1)):
        if value < 1:
            raise ModelError(f"{name} of I3D is {value}; give at least 1")
    if width < 1 or width % 4:
        raise ModelError(
            f"width {width} of I3D would leave parts of channels; give a multiple of 4 "
            f"({FULL_WIDTH} is the published network)"
        )

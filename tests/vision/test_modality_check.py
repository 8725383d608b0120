"""What a modality of one's own may return, and what is refused by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import ModalityError
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.modality import Modality, known, registry

FRAMES = torch.randint(0, 256, (2, 4, 3, 16, 16), dtype=torch.uint8)


@dataclass(frozen=True)
class Own(Modality):
    """Makes what a test wants."""

    name: ClassVar[str] = "own of a test"
    of_motion: ClassVar[bool] = False
    makes: ClassVar[Callable[[Tensor], object]]

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Return it, whatever it is."""
        del after
        return type(self).makes(before)  # type: ignore[return-value]


def making(makes: Callable[[Tensor], object]) -> Inputs:
    """Return inputs whose modality returns what a function makes of frames."""
    own = type("Lab", (Own,), {"makes": staticmethod(makes), "__module__": __name__})
    return Inputs(FeatureSettings(frames=4, size_px=16), own(FlowInputSettings()))


@pytest.mark.parametrize(
    ("makes", "says"),
    [
        (lambda frames: frames[:, :, :1], r"\(2, 4, 1, 16, 16\), wanted \(2, 4, 3, 16, 16\)"),
        (lambda frames: frames[:, 1:], r"\(2, 3, 3, 16, 16\), wanted"),
        (lambda frames: frames.numpy(), "returned ndarray, wanted"),
        (lambda frames: frames.int(), "torch.int32, wanted uint8 in .0, 255. or floats in"),
        (lambda frames: frames.float(), r"floats from 0 to 255, wanted \[0, 1\]; divide by 255"),
        (lambda frames: frames / 255 - 0.5, r"floats from -0.5 to 0.5, wanted \[0, 1\];"),
        (lambda frames: frames / 255 / 0 * 0, "floats from nan to nan, wanted"),
    ],
)
def test_what_no_network_reads_is_refused_at_the_first_batch(
    makes: Callable[[Tensor], object], says: str
):
    with pytest.raises(ModalityError, match=says) as refused:
        making(makes)(FRAMES)
    assert f"modality 'own of a test' ({__name__}.Lab)" in str(refused.value)


def test_bytes_and_floats_in_their_range_pass_and_numbers_are_looked_at_once():
    assert torch.equal(making(lambda frames: 255 - frames)(FRAMES), 255 - FRAMES)
    scales = iter([255, 1])
    inputs = making(lambda frames: frames / next(scales))
    inputs(FRAMES)
    assert float(inputs(FRAMES).max()) == 255  # a look at every batch would wait for the device
    broken = FRAMES / 255
    broken[0, 0] = torch.nan
    assert making(lambda frames: frames).pictures(broken).isnan().any()  # not the modality's fault


def test_an_installed_package_names_its_own_by_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known()  # the project's own are imported once, and would be forgotten with the rest
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))
    described = tmp_path / "lab_eyes-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-eyes\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[rodepil.modalities]\nnegative = lab_eyes\n")
    (tmp_path / "lab_eyes.py").write_text(
        "from rodepil.vision.modality import Modality, register\n\n\n"
        "@register\nclass Negative(Modality):\n"
        "    name = 'negative'\n    of_motion = False\n\n"
        "    def __call__(self, before, after):\n        return 255 - before\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "negative" in known()
    assert "lab_eyes" not in sys.modules  # imported when it is asked for
    made = make_inputs(FeatureSettings(frames=4, size_px=16), "negative")
    assert torch.equal(made(FRAMES), 255 - FRAMES)

"""What localizing takes: a trained localizer, and the network whose features it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from rodepil.config.settings import CurateSettings
from rodepil.detect.committee import model_file
from rodepil.errors import ModelError
from rodepil.io.files import sha256_file
from rodepil.localize.card import Localizer, load_localizer
from rodepil.models.device import DeviceName, place_of
from rodepil.models.extract import Extractor, Origin, extractor, find_model
from rodepil.models.sequence import IMPORTED
from rodepil.models.weights import digest


@dataclass(frozen=True)
class Tools:
    """A localizer and its extractor.

    Parameters
    ----------
    localizer
        The trained network with its card.
    extract
        Makes the features that it reads.
    model, model_sha256
        The localizer's file, and its digest.
    extractor_sha256
        The digest of the extractor's file.
    notes
        What to know of them, one sentence each.
    """

    localizer: Localizer
    extract: Extractor
    model: Path
    model_sha256: str
    extractor_sha256: str
    notes: tuple[str, ...] = ()

    def clips(self, curate: CurateSettings) -> CurateSettings:
        """Return how recordings become clips, at the rate and size of those that it learned from.

        Raises
        ------
        ModelError
            No clips of that rate or size can be made.
        """
        sequence = self.localizer.card.sequence
        whole = float(sequence.fps).is_integer()
        said = {"fps": int(sequence.fps) if whole else sequence.fps, "size_px": sequence.size_px}
        try:
            return CurateSettings.model_validate(curate.model_dump() | said)
        except ValidationError as error:
            faults = "; ".join(f"{fault['loc'][-1:]}: {fault['msg']}" for fault in error.errors())
            raise ModelError(
                f"{self.model} reads clips of {sequence.size_px} px at {sequence.fps:g} frames a "
                f"second, which can't be made of recordings ({faults}); train it on others, or "
                "mend the section curate"
            ) from error


def open_tools(
    model: Path, root: Path, *, extractor_file: Path | None = None, device: DeviceName = "auto"
) -> Tools:
    """Load a localizer and its extractor, and check that they belong together.

    Parameters
    ----------
    model
        A file that a trial of localization wrote, or the folder that holds it.
    root
        The project, where the card's extractor is looked for.
    extractor_file
        The extractor, where it lies elsewhere.
    device
        Where features are made.

    Raises
    ------
    ModelError
        There is no such model, or it is a classifier of whole clips; the extractor is missing, or
        another than the one whose features the localizer learned from.
    """
    path = model_file(model)
    localizer = load_localizer(path, str(place_of(device)))
    card = localizer.card
    source = _extractor(path, card.sequence.model, root, extractor_file)
    found = digest(source)
    notes = [f"the model learned from {card.data}; what it finds elsewhere is unproven"]
    if card.extractor_sha256 is None:
        notes.append(
            f"nothing tells that {source} made the features that the model learned from: they "
            "came as files"
        )
    elif found != card.extractor_sha256:
        raise ModelError(
            f"{source} is not the network that made the features {path} learned from: its "
            f"sha256 is {found[:12]}..., the model's card says {card.extractor_sha256[:12]}... "
            f"('{card.sequence.model}'); give that file with --extractor FILE"
        )
    sequence = card.sequence
    origin = Origin(source, found, sequence.window_frames, sequence.size_px)
    extract = extractor(origin, device)
    _check_width(path, source, extract.recipe.width, card.network.feature_width)
    return Tools(localizer, extract, path, sha256_file(path), found, tuple(notes))


def _extractor(model: Path, name: str, root: Path, given: Path | None) -> Path | str:
    """Return the file that makes features."""
    if given is not None:
        if not given.is_file():
            raise ModelError(f"there is no extractor at {given}; give a file of I3D's weights")
        return given.resolve()
    if name == IMPORTED:
        raise ModelError(
            f"{model} learned from features that came as files, so that nothing here makes them; "
            "give the network that made them with --extractor FILE"
        )
    try:
        return find_model(name, root)
    except ModelError as error:
        raise ModelError(
            f"the network that made the features {model} learned from is not here: {error}. It "
            f"was '{name}'; give it with --extractor FILE"
        ) from error


def _check_width(model: Path, source: Path | str, made: int, wanted: int) -> None:
    if made != wanted:
        raise ModelError(
            f"{source} makes features of width {made}, {model} reads {wanted}; give the network "
            "that made them with --extractor FILE"
        )

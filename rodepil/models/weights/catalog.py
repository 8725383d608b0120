"""Weights by name: what is published where, and which file a setting means.

Nothing is fetched here; `find` only looks. timm fetches its own ViTs when they are loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from rodepil.errors import ModelError
from rodepil.models.weights.vit import is_timm_name

Learned = Literal["imagenet", "kinetics", "stand_in"]

NON_COMMERCIAL = "CC BY-NC 4.0"
REPOSITORY = "the model zoo in the README of facebookresearch/TimeSformer on GitHub"
HUB = "hf download {hub} --local-dir {place}"


@dataclass(frozen=True)
class Published:
    """Weights that have a name.

    Attributes
    ----------
    name
        What settings and commands call them.
    learned
        What they learned.
    what
        The network, in words.
    file
        Name of their file or folder among the project's weights.
    licence
        As their source states it.
    source
        Where they are to be had: a place in words, or a command with ``{place}``.
    """

    name: str
    learned: Learned
    what: str
    file: str
    licence: str
    source: str

    def how(self, folder: Path) -> str:
        """Return how they are had and where in `folder` they belong."""
        place = folder / self.file
        if "{place}" in self.source:
            return self.source.format(place=place)
        return f"{self.source}; put {self.file} into {folder}"


def _official(variant: str, data: str, what: str) -> Published:
    name = f"TimeSformer_divST_{variant}_{data}"
    return Published(name, "kinetics", what, f"{name}.pyth", NON_COMMERCIAL, REPOSITORY)


def _converted(variant: str, data: str, what: str) -> Published:
    name = f"timesformer-{variant}-finetuned-{data}"
    command = HUB.format(hub=f"facebook/{name}", place="{place}")
    return Published(f"facebook/{name}", "kinetics", what, name, NON_COMMERCIAL, command)


def _vit(tag: str, what: str) -> Published:
    name = f"vit_base_patch16_224.{tag}"
    command = f"timm, by itself when online, or {HUB.format(hub=f'timm/{name}', place='{place}')}"
    return Published(name, "imagenet", what, name, "Apache-2.0", command)


CATALOG = (
    _official("8x32_224", "K400", "TimeSformer, 8 x 224 px, Kinetics-400"),
    _official("16x16_448", "K400", "TimeSformer-HR, 16 x 448 px, Kinetics-400"),
    _official("96x4_224", "K400", "TimeSformer-L, 96 x 224 px, Kinetics-400"),
    _official("8x32_224", "K600", "TimeSformer, 8 x 224 px, Kinetics-600"),
    _official("16x16_448", "K600", "TimeSformer-HR, 16 x 448 px, Kinetics-600"),
    _official("96x4_224", "K600", "TimeSformer-L, 96 x 224 px, Kinetics-600"),
    _converted("base", "k400", "TimeSformer, 8 x 224 px, Kinetics-400"),
    _converted("base", "k600", "TimeSformer, 8 x 224 px, Kinetics-600"),
    _converted("hr", "k400", "TimeSformer-HR, 16 x 448 px, Kinetics-400"),
    _converted("hr", "k600", "TimeSformer-HR, 16 x 448 px, Kinetics-600"),
    _vit("orig_in21k_ft_in1k", "ViT-B/16, the one that published TimeSformers start from"),
    _vit("augreg2_in21k_ft_in1k", "ViT-B/16, timm's usual one"),
    Published(
        "stand_in",
        "stand_in",
        "a small TimeSformer that learned simulated actions",
        "simulated_actions/stand_in.pyth",
        "the project's own",
        "rodepil weights pretrain (it writes {place})",
    ),
)

USUAL: dict[str, str] = {
    "kinetics": "TimeSformer_divST_8x32_224_K400",
    "imagenet": "vit_base_patch16_224.orig_in21k_ft_in1k",
    "stand_in": "stand_in",
}
"""What a setting of `pretrained` means where no weights are named."""


def has_published_name(source: Path | str) -> bool:
    """Tell whether weights bear the name under which others published them, or are timm's own."""
    if isinstance(source, str):
        return True
    return source.name in {entry.file for entry in CATALOG if entry.learned != "stand_in"}


def find(
    pretrained: str, weights: str | None, folder: Path, root: Path | None = None
) -> Path | str:
    """Return where the weights are that settings ask for.

    Parameters
    ----------
    pretrained
        What they learned: ``kinetics``, ``imagenet`` or ``stand_in``.
    weights
        Their file or folder, a name of the catalog, or timm's name; None takes the usual ones.
    folder
        The project's folder of weights.
    root
        What relative paths start from, by default the current folder.

    Returns
    -------
    Path or str
        An absolute path, or timm's name where there is no such file.

    Raises
    ------
    ModelError
        When nothing is there; it says where to get it.
    """
    if weights is None and pretrained not in USUAL:
        raise ModelError(f"pretrained '{pretrained}' has no weights; take {', '.join(USUAL)}")
    return locate(weights or USUAL[pretrained], folder, root)


def locate(name: str, folder: Path, root: Path | None = None) -> Path | str:
    """Return the path of weights, or timm's name; see `find`."""
    known = next((entry for entry in CATALOG if entry.name == name), None)
    places = [(root or Path.cwd()) / name, folder / name]
    if known is not None:
        places.append(folder / known.file)
    for place in places:
        if place.exists():
            return place.absolute()  # links are kept: they carry the name
    if known is not None and known.learned != "imagenet":
        raise ModelError(
            f"the weights '{name}' ({known.what}; {known.licence}) are missing, "
            f"{folder / known.file} is not there; get them: {known.how(folder)}; or name others in "
            "model.weights"
        )
    if known is not None or is_timm_name(name):
        return name
    alike = get_close_matches(name, [entry.name for entry in CATALOG], n=1)
    guess = f" (did you mean {alike[0]}?)" if alike else ""
    raise ModelError(
        f"there are no weights {places[0]}, and none are named '{name}'; a model that was trained "
        "here goes by its trial's id or folder under results/trials, once it is finished; weights "
        f"of others by a file, a name that 'rodepil weights list' shows{guess}, or timm's of a ViT"
    )

"""What a trial is: a hash of all that its numbers hang on, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import rodepil
from rodepil.config.modality import FLOWLESS
from rodepil.config.settings import ProjectSettings
from rodepil.io.files import short_hash
from rodepil.train.trial import TrialSettings

CODE = (
    "vision",
    "models",
    "train",
    "store/order.py",
    "io/seeds.py",
    "config/modality.py",
)
"""The parts of the package that a trial's numbers hang on, beside the view that has a version."""

NAMES_ONLY: dict[str, set[str] | bool] = {
    "data": True,
    "train": {"device"},
    "model": {"weights"},
}
"""Settings that say where and on what, not how: the names of the data and of pretrained weights
(their content is hashed), and the device (``auto`` would not pin it; another device is the same
recipe to rounding). The number of workers is part of the recipe, and the number of threads of a
sum's last bits."""


def trial_id(settings: TrialSettings, digests: Mapping[str, str]) -> str:
    """Return a trial's identity, 16 hexadecimal digits, the same on every machine.

    Parameters
    ----------
    settings
        The trial; see `NAMES_ONLY` and `FLOWLESS` for what of it does not count.
    digests
        What it works on, by name: of `rodepil.data.digests`, the identity of the view that the
        features were made by, and the digest of pretrained weights if there are any.
    """
    recipe = settings.model_dump(mode="json", exclude=_uncounted(settings))
    return short_hash("trial", code_digest(), recipe, dict(digests))


def recipe_digest(settings: TrialSettings) -> str:
    """Return a digest of what a trial's identity takes of settings and code; no fold counts."""
    recipe = settings.model_dump(mode="json", exclude={**_uncounted(settings), "fold": True})
    return short_hash("recipe", code_digest(), recipe)


def group_id(settings: TrialSettings, digests: Mapping[str, str]) -> str:
    """Return what the trials of one cross-validation share: their identity without the fold."""
    recipe = settings.model_dump(mode="json", exclude={**_uncounted(settings), "fold": True})
    return short_hash("group", code_digest(), recipe, dict(digests))


def _uncounted(settings: TrialSettings) -> dict[str, set[str] | bool]:
    """Return the settings that are no part of a trial's identity."""
    if settings.train.modality not in FLOWLESS:
        return NAMES_ONLY
    return {**NAMES_ONLY, "train": {"device", "flow"}}


@cache
def code_digest(parts: tuple[str, ...] = CODE) -> str:
    """Return a digest of the code that trains, so that a change of it makes other trials."""
    package = Path(rodepil.__file__).parent
    sources = {
        source.relative_to(package).as_posix(): source.read_text(encoding="utf-8")
        for part in parts
        for source in _files(package / part)
    }
    return short_hash(sources)


def _files(part: Path) -> list[Path]:
    return [part] if part.is_file() else sorted(part.rglob("*.py"))


def pretraining_id(settings: ProjectSettings) -> str:
    """Return the identity of a stand-in pretraining: its recipe, network, clips and code."""
    recipe = settings.model_dump(
        mode="json",
        include={"pretrain", "model", "features"},
        exclude={
            "pretrain": {"device"},
            "model": {"pretrained", "weights", "embed_resize"},
            "features": {"pairs", "gap", "oversample"},
        },
    )
    return short_hash("pretraining", code_digest((*CODE, "simulate/actions")), recipe)

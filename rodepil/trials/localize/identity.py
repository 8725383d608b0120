"""What a trial of localization is: a hash of all that its numbers hang on, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from rodepil.io.files import short_hash
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.trials.identity import code_digest

CODE = (
    "localize/batches.py",
    "localize/find.py",
    "localize/learner.py",
    "localize/localizer.py",
    "localize/marked.py",
    "localize/schedule.py",
    "localize/score.py",
    "localize/sequences.py",
    "localize/settings.py",
    "localize/trial.py",
    "models/raseformer",
    "models/i3d/grid.py",
    "models/kernels.py",
    "models/layers.py",
    "scoring",
    "train/average.py",
    "train/checkpoint.py",
    "train/optim.py",
    "train/process.py",
    "train/world.py",
    "store/order.py",
    "io/labels.py",
    "io/seeds.py",
)
"""The parts of the package that such a trial's numbers hang on, beside the view's version."""

NAMES_ONLY: dict[str, set[str] | bool] = {
    "data": True,
    "ratseizure": True,
    "sequence": {"model", "width", "imported_width", "stand_in"},
    "recipe": {"device"},
}
"""Settings that say where and on what, not how: the content of clips, events and folds is hashed,
as is the identity of the view, in which the weights of the network that made it are."""


def localize_trial_id(settings: LocalizeTrialSettings, digests: Mapping[str, str]) -> str:
    """Return a trial's identity, 16 hexadecimal digits, the same on every machine.

    Parameters
    ----------
    settings
        The trial; see `NAMES_ONLY` for what of it does not count.
    digests
        Of clips, events, folds and view, by name.
    """
    recipe = settings.model_dump(mode="json", exclude=NAMES_ONLY)
    return short_hash("localize trial", code_digest(CODE), recipe, dict(digests))


def localize_recipe(settings: LocalizeTrialSettings) -> str:
    """Return a digest of what a trial's identity takes of settings and code; no fold counts."""
    recipe = settings.model_dump(mode="json", exclude={**NAMES_ONLY, "fold": True})
    return short_hash("localize recipe", code_digest(CODE), recipe)


def localize_group_id(settings: LocalizeTrialSettings, digests: Mapping[str, str]) -> str:
    """Return what the trials of all folds share: their identity without the fold."""
    return short_hash("localize group", localize_recipe(settings), dict(digests))

"""The weights that trials start from: found once, identified by content, read by every worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rodepil.config.settings import ModelSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.models.weights import Weights, digest, find, load


@dataclass(frozen=True)
class Start:
    """Weights that were trained elsewhere.

    Attributes
    ----------
    source
        Their file or folder, absolute, or timm's name.
    learned
        What they learned, as in the settings.
    digest
        Of their content.
    """

    source: Path | str
    learned: str
    digest: str

    def load(self) -> Weights:
        """Read them.

        Raises
        ------
        ModelError
            They are missing, damaged, or of another kind than the settings say.
        TrialError
            They are others than when the trial was planned.
        """
        found = digest(self.source)
        if found != self.digest:
            raise TrialError(
                f"the weights {self.source} were replaced since the trial was planned (sha256 "
                f"{found[:16]}, not {self.digest[:16]}); run it again"
            )
        return load(self.source, self.learned)


def find_start(settings: ModelSettings, workspace: Workspace) -> Start | None:
    """Return the weights that `settings` ask for, None when a network starts from random ones.

    Raises
    ------
    ModelError
        They are missing; it says where to get them.
    """
    if settings.pretrained == "none":
        return None
    source = find(settings.pretrained, settings.weights, workspace.weights, workspace.root)
    return Start(source, settings.pretrained, digest(source))


def start_words(start: Start | None, weights: str | None) -> str:
    """Return in words which weights a trial starts from; `weights` is what settings call them."""
    if start is None:
        return "random weights"
    name = weights or (start.source if isinstance(start.source, str) else start.source.name)
    return f"{name} ({start.learned}), sha256 {start.digest}"

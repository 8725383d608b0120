"""Localize in a process of its own, to be killed: python localized.py ROOT SETTINGS_JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.localize.run import localize_trials

if __name__ == "__main__":
    localize_trials(ProjectSettings.model_validate_json(sys.argv[2]), Workspace(Path(sys.argv[1])))

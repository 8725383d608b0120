"""Cross-validate in a process of its own, to be killed: python cross.py ROOT SETTINGS_JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.crossval import cross_validate

INTERRUPTED = 130

if __name__ == "__main__":
    settings = ProjectSettings.model_validate_json(sys.argv[2])
    try:
        cross_validate(settings, Workspace(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)

"""Where numbers come from: the commit of the project."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def git_tags(root: Path) -> dict[str, str]:
    """Return the commit of the project's folder and whether it was changed since, if it has one.

    Parameters
    ----------
    root
        The project's folder.
    """
    commit = _git(root, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"git_commit": commit, "git_changed": str(bool(changed)).lower()}


def _git(root: Path, *arguments: str) -> str:
    """Return what git says, or nothing where there is no git or no repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run(  # noqa: S603 - git itself, with arguments of this module
        [git, "--no-optional-locks", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()

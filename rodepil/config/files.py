"""Settings files: how they are read, and which of experiments/ are profiles and which grids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rodepil.errors import SettingError

EXPERIMENTS_FOLDER = "experiments"
ROWS = ("rows", "product")
"""What a grid has one of, and a profile neither."""

Tree: TypeAlias = dict[str, object]


def read_yaml(path: Path) -> Tree:
    """Read a YAML 1.2 file that holds a mapping.

    Raises
    ------
    SettingError
        The file is no YAML, names a key twice, or holds something else than a mapping whose keys
        are words or numbers.
    """
    try:
        value = YAML(typ="safe", pure=True).load(path)
    except YAMLError as error:
        raise SettingError(f"{path} is no valid YAML: {error}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SettingError(f"{path} holds a {type(value).__name__}; it wants sections with keys")
    _check_keys(path, value)
    return value


def _check_keys(path: Path, value: object) -> None:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int | float | None):
                raise SettingError(f"{path}: a {type(key).__name__} is no key: {key}; quote it")
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        _check_keys(path, part)


def is_grid(tree: Mapping[str, object]) -> bool:
    """Say whether a file of experiments/ is a grid; all others are profiles."""
    return any(key in tree for key in ROWS)


def experiment_names(root: Path, *, grids: bool) -> list[str]:
    """Return the names of the grids, or of the profiles, that lie in experiments/.

    A file that can't be read is neither.
    """
    names = []
    for path in sorted((root / EXPERIMENTS_FOLDER).glob("*.yaml")):
        try:
            if is_grid(read_yaml(path)) == grids:
                names.append(path.stem)
        except (SettingError, OSError):
            continue
    return names

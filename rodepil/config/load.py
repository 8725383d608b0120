"""Read params.yaml under a profile of experiments/ into checked settings.

The settings are those of ``params.yaml`` overlaid by ``experiments/<profile>.yaml``, key by
key, and last by overrides such as ``train.epochs=3``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rodepil.config.base import Settings
from rodepil.config.files import EXPERIMENTS_FOLDER, Tree, experiment_names, is_grid, read_yaml
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError

PARAMS_FILE = "params.yaml"
COMMAND_LINE = "--set"

Made = TypeVar("Made", bound=Settings)


def load_settings(
    root: Path,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> ProjectSettings:
    """Return the settings of the project in `root`.

    Parameters
    ----------
    root
        The folder of params.yaml; without that file the built-in demo settings are taken.
    profile
        Takes the place of the profile that overrides or params.yaml name.
    overrides
        ``section.key=value`` each; the value is YAML.
    options
        What options of a command set, over all else: sections by the option's name, which errors
        tell.

    Raises
    ------
    SettingError
        Unknown key, wrong type, impossible value, or a file that is no YAML: the message names
        file, key, value and what is allowed.
    """
    params = root / PARAMS_FILE
    tree = read_yaml(params) if params.is_file() else {}
    given = parse_overrides(overrides)
    named = profile or str(given.get("profile", tree.get("profile", "demo")))
    layers: list[tuple[str, Mapping[str, object]]] = [(PARAMS_FILE, tree)]
    where = "--profile" if profile else PARAMS_FILE
    layers.append((f"{EXPERIMENTS_FOLDER}/{named}.yaml", _read_profile(root, named, where)))
    layers.append((COMMAND_LINE, given))
    layers += (options or {}).items()
    layers.append((COMMAND_LINE, {"profile": named}))
    return build(ProjectSettings, layers)


def build(kind: type[Made], layers: Sequence[tuple[str, Mapping[str, object]]]) -> Made:
    """Make settings of `kind` from layers, each with the name of its file; later ones win.

    Raises
    ------
    SettingError
        With a line for every key that does not fit.
    """
    merged: Tree = {}
    for _, layer in layers:
        merged = merge(merged, layer)
    try:
        # What JSON has no word for, such as a date, goes on as text and is refused by its key.
        return kind.model_validate_json(json.dumps(merged, default=str))
    except ValidationError as error:
        lines = [_explain(kind, layers, dict(problem)) for problem in error.errors()]
        raise SettingError("\n".join(lines)) from error


def merge(base: Mapping[str, object], overlay: Mapping[str, object]) -> Tree:
    """Return `base` with every key of `overlay`, mappings merged key by key."""
    merged = dict(base)
    for key, value in overlay.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(under, value)
        else:
            merged[key] = value
    return merged


def _read_profile(root: Path, name: str, where: str) -> Tree:
    """Return what the profile overlays; the demo needs no file. `where` it was asked for."""
    overlay = root / EXPERIMENTS_FOLDER / f"{name}.yaml"
    found = overlay.is_file()
    if not found and name == "demo":
        return {}
    tree = read_yaml(overlay) if found else {}
    if not found or is_grid(tree):
        problem = f"is a grid, run by 'rodepil tune --grid {name}'" if found else "is not there"
        raise SettingError(
            f"{where}: profile is '{name}', but {overlay} {problem}; "
            f"choose one of {experiment_names(root, grids=False)} or write that file"
        )
    return tree


def parse_overrides(overrides: Sequence[str]) -> Tree:
    """Return what ``section.key=value`` overrides say, as one tree.

    Raises
    ------
    SettingError
        One has no key or no equals sign, or its value is no YAML.
    """
    tree: Tree = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise SettingError(
                f"{COMMAND_LINE} {override}: wanted section.key=value, as in train.epochs=3"
            )
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise SettingError(f"{COMMAND_LINE} {override}: no valid YAML: {error}") from error
        tree = merge(tree, nested(key, value))
    return tree


def nested(key: str, value: object) -> Tree:
    """Return ``section.key`` and its value as sections with keys."""
    *sections, last = key.split(".")
    tree: Tree = {last: value}
    for section in reversed(sections):
        tree = {section: tree}
    return tree


def _explain(
    kind: type[Settings],
    layers: Sequence[tuple[str, Mapping[str, object]]],
    problem: Mapping[str, object],
) -> str:
    """Say in one line which file, key and value is wrong and what is allowed."""
    location = problem["loc"]
    path = [str(part) for part in location] if isinstance(location, tuple) else []
    key = ".".join(path) or "settings"
    file = _origin(layers, path)
    if problem["type"] == "extra_forbidden":
        allowed = sorted(_fields(kind, path[:-1]))
        close = get_close_matches(path[-1], allowed, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        return f"{file}: unknown key '{key}'{hint}; allowed here: {', '.join(allowed)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    value = problem["input"]
    shown = "" if isinstance(value, Mapping) else f" = {value!r}"
    return f"{file}: {key}{shown}: {message}"


def _origin(layers: Sequence[tuple[str, Mapping[str, object]]], path: Sequence[str]) -> str:
    """Return the name of the last file that holds `path`, or the first parent that one holds."""
    for depth in range(len(path), 0, -1):
        for name, layer in reversed(layers):
            if _holds(layer, path[:depth]):
                return name
    return layers[0][0]


def _holds(layer: object, path: Sequence[str]) -> bool:
    """Say whether `layer` has `path`; a section without keys, as profiles have them, does not."""
    for part in path:
        if not isinstance(layer, Mapping) or part not in layer:
            return False
        layer = layer[part]
    return layer != {}


def _fields(kind: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Return the keys that `kind` allows under `path`."""
    for part in path:
        inner = kind.model_fields[part].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        kind = inner
    return list(kind.model_fields)

"""Read params.yaml under a profile of experiments/ into checked settings.

The settings are those of ``params.yaml`` overlaid by ``experiments/<profile>.yaml``, key by
key, and last by overrides such as ``train.epochs=3``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rodepil.config.base import Settings
from rodepil.config.explain import Layers, explain
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
    layers = layers_of(root, profile=profile, overrides=overrides, options=options)
    return build(ProjectSettings, layers)


def layers_of(
    root: Path,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Layers:
    """Return what settings are made of, as `load_settings` takes it, each with its name."""
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
    return layers


def build(kind: type[Made], layers: Layers) -> Made:
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
        lines = [explain(kind, layers, dict(problem)) for problem in error.errors()]
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

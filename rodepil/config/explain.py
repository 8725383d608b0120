"""What is wrong with settings, in words: which file, key and value, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel

from rodepil.config.base import Settings

Layers: TypeAlias = Sequence[tuple[str, Mapping[str, object]]]
"""What settings are made of, each with the name of its file; later ones win."""

KEY = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
LISTS = ("tuple_type", "list_type")
PROFILE = "profile"


def explain(kind: type[Settings], layers: Layers, problem: Mapping[str, object]) -> str:
    """Say in one line which file, key and value is wrong and what is allowed.

    What speaks of several keys names the file of each that it mentions.
    """
    location = problem["loc"]
    path = [str(part) for part in location] if isinstance(location, tuple) else []
    key = ".".join(path) or "settings"
    if problem["type"] == "extra_forbidden":
        allowed = sorted(_fields(kind, path[:-1]))
        close = get_close_matches(path[-1], allowed, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        file = origin_of(layers, path)
        return f"{file}: unknown key '{key}'{hint}; allowed here: {', '.join(allowed)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    value = problem["input"]
    if isinstance(value, Mapping):
        return f"{_origins(layers, path, message)}: {key}: {message}"
    if problem["type"] in LISTS:
        written = ", ".join(part.strip() for part in str(value).split(","))
        message = f"wanted a list, written [{written}]"
    return f"{origin_of(layers, path)}: {key} = {value!r}: {message}"


def origin_of(layers: Layers, path: Sequence[str]) -> str:
    """Return the name of the last file that holds `path`, or the first parent that one holds."""
    for depth in range(len(path), 0, -1):
        for name, layer in reversed(layers):
            if _holds(layer, path[:depth]):
                return name
    return layers[0][0]


def _origins(layers: Layers, path: Sequence[str], message: str) -> str:
    """Return the files of the keys that a message on a section mentions, else all of the section.

    A file counts for a key where no later one has it.
    """
    found = {origin_of(layers, key) for key in _mentioned(layers, path, message)}
    if not found:
        found = {name for name, layer in layers if _says(layer, path)}
    names = dict.fromkeys(name for name, _ in layers if name in found)
    return " and ".join(names) or layers[0][0]


def _mentioned(layers: Layers, path: Sequence[str], message: str) -> Iterator[list[str]]:
    """Yield the keys in a message that some file sets: whole, or within the section `path`."""
    for word in KEY.findall(message):
        for key in ([*path, *word.split(".")], word.split(".")):
            if any(_holds(layer, key) and not _is_section(layer, key) for _, layer in layers):
                yield key
                break


def _says(layer: Mapping[str, object], path: Sequence[str]) -> bool:
    """Say whether a layer has anything of a section, or of the whole but the profile's name."""
    return _holds(layer, path) if path else bool(layer.keys() - {PROFILE})


def _is_section(layer: object, path: Sequence[str]) -> bool:
    for part in path:
        layer = layer[part] if isinstance(layer, Mapping) else None
    return isinstance(layer, Mapping)


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

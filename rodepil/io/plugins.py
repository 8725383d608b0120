"""Where classes and functions are looked for that enter themselves when they are imported."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules


def import_beside(module: str) -> None:
    """Import every module of the package that a module, by its full name, stands in."""
    package = module.rpartition(".")[0]
    for each in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{each.name}")


def load_entries(group: str, name: str) -> None:
    """Import what installed packages name so, as an entry point of a group."""
    for entry in entry_points(group=group, name=name):
        entry.load()


def entry_names(group: str) -> list[str]:
    """Return the names that installed packages have in a group."""
    return [entry.name for entry in entry_points(group=group)]

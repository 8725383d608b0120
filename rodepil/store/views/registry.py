"""Views found by their kind, and made from settings.

Every module beside this one is looked through. Kinds that stand in modules above the store are
named in `ABOVE`, those of other packages as entry points of the group ``rodepil.views``. All are
imported when a kind is asked for that is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError, SettingError
from rodepil.io.plugins import entry_names, import_beside, load_entries
from rodepil.io.wording import choice
from rodepil.store.views.base import View

GROUP = "rodepil.views"
NAME = re.compile(r"[^./\\][^/\\]*")
ABOVE = {"embedding": "rodepil.models.views", "sequence": "rodepil.models.views"}
"""The project's own kinds that take more than the store may import."""

_KINDS: dict[str, type[View]] = {}
ViewClass = TypeVar("ViewClass", bound=type[View])


def register(kind: ViewClass) -> ViewClass:
    """Make a class of views known by its kind; a decorator.

    Raises
    ------
    ValueError
        Another class has that kind.
    """
    known = _KINDS.setdefault(kind.kind, kind)
    if (known.__module__, known.__qualname__) != (kind.__module__, kind.__qualname__):
        raise ValueError(f"two kinds of view are called '{kind.kind}': {known} and {kind}")
    return kind


def kind_of(name: str) -> type[View]:
    """Return the class of views of that kind.

    Raises
    ------
    FeatureError
        There is none.
    """
    if name not in _KINDS:
        import_beside(__name__)
    if name not in _KINDS and name in ABOVE:
        import_module(ABOVE[name])
    if name not in _KINDS:
        load_entries(GROUP, name)
    if name not in _KINDS:
        known = sorted({*_KINDS, *ABOVE, *entry_names(GROUP)})
        raise FeatureError(f"no kind of view is called '{name}'; {choice(name, known)}")
    return _KINDS[name]


def make_view(name: str, kind: str, settings: Mapping[str, Any], root: Path | None = None) -> View:
    """Make the view `name` of a kind from its settings.

    Parameters
    ----------
    name, kind, settings
        What it is.
    root
        The folder that paths among the settings start from, by default the current one.

    Raises
    ------
    FeatureError
        There is no such kind.
    SettingError
        The settings do not fit it.
    """
    view = kind_of(kind)
    try:
        return view.model_validate({**settings, "name": name}, context={"root": root})
    except ValidationError as error:
        fields = sorted(set(view.model_fields) - {"name"})
        wrong = "; ".join(_worded(item, fields) for item in error.errors())
        raise SettingError(
            f"views.{name} (kind '{kind}'): {wrong}; its settings are {', '.join(fields)}"
        ) from error


def _worded(wrong: ErrorDetails, fields: Sequence[str]) -> str:
    """Return what is wrong with a setting of a view."""
    key = ".".join(map(str, wrong["loc"])) or "it"
    if wrong["type"] == "extra_forbidden":
        alike = get_close_matches(key, fields, n=1)
        return f"there is no setting '{key}'" + "".join(
            f" (did you mean '{one}'?)" for one in alike
        )
    if wrong["type"] == "missing":
        return f"'{key}' is missing"
    said = wrong["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(wrong["input"], Mapping) else f" is {wrong['input']!r}"
    return f"{key}{shown}: {said}"


def training_view(settings: FeatureSettings) -> View:
    """Return the view that models train on."""
    fields = settings.model_dump(exclude={"view", "oversample"})
    fields["frames"] *= settings.oversample
    return make_view(settings.view, settings.view, fields)


def declared_views(
    features: FeatureSettings,
    views: Mapping[str, Mapping[str, Any]],
    root: Path | None = None,
) -> list[View]:
    """Return the view that models train on, and those of the section ``views``, in order.

    Parameters
    ----------
    features, views
        Their settings.
    root
        The project's folder; see `make_view`.

    Raises
    ------
    SettingError
        Settings do not fit, a view has no kind or a name that no file can have, or two have one
        name.
    """
    made = [training_view(features)]
    for name, settings in views.items():
        if name in {view.name for view in made}:
            raise SettingError(
                f"views.{name} has the name of the view that models train on; call it otherwise"
            )
        if not NAME.fullmatch(name):
            raise SettingError(
                f"views has a view called '{name}', by which its files can't be called; give it a "
                "name without slashes that begins with no dot"
            )
        fields = dict(settings)
        if "name" in fields:
            raise SettingError(
                f"views.{name} has a setting 'name'; a view is called as its section is, so take "
                "it out"
            )
        kind = fields.pop("kind", None)
        if not isinstance(kind, str):
            raise SettingError(f"views.{name} has no kind; add for example 'kind: frames'")
        made.append(make_view(name, kind, fields, root))
        if unmeant := made[-1].unmeant():
            raise SettingError(f"views.{name} (kind '{kind}'): {unmeant}")
    return made

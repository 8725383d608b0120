"""In what stored features differ from those that a view makes now, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rodepil.errors import FeatureError
from rodepil.store.places import Place
from rodepil.store.shards import Shard
from rodepil.store.views.base import View


def header_of(place: Place, folder: str, shards: Iterable[str]) -> Mapping[str, Any]:
    """Return what the first whole shard of a folder says of itself; nothing if none does."""
    for name in shards:
        full = f"{folder}/{name}"
        with suppress(FeatureError, FileNotFoundError), place.open(full) as source:
            return Shard(Path(full), source).header
    return {}


def difference(view: View, header: Mapping[str, Any]) -> str:
    """Return in what a view differs from the one that made a shard, in words."""
    if not header:
        return "other settings or versions"
    if header["kind"] != view.kind:
        return f"kind {header['kind']}, now {view.kind}"
    before, now = dict(header["settings"]), view.settings
    told = [
        f"{name} {before.get(name, 'unset')}, now {now.get(name, 'unset')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    for what, was, is_now in (
        ("code version", header["code_version"], view.code_version),
        ("made with", header["made_with"], view.made_with()),
    ):
        if was != is_now:
            told.append(f"{what} {was}, now {is_now}")
    old, new = dict(header["made_of"]), dict(view.made_of())
    told += [
        f"{name} {old.get(name, 'none'):.8}, now {new.get(name, 'none'):.8}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    return "; ".join(told) or "other settings or versions"

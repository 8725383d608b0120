"""The store that the settings name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from rodepil.config.settings import StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.store.features import FeatureStore
from rodepil.store.places import LocalPlace, Place
from rodepil.store.remote import RemotePlace

GIGABYTE = 10**9


def open_store(
    settings: StoreSettings, workspace: Workspace, features: pa.Table | None = None
) -> FeatureStore:
    """Return the project's feature store.

    Parameters
    ----------
    settings
        Where it lies.
    workspace
        The project, whose folder relative paths start from.
    features
        The snapshot that says which feature a clip has.
    """
    return FeatureStore(place_of(settings, workspace), features)


def place_of(settings: StoreSettings, workspace: Workspace) -> Place:
    """Return where the store's files lie; nothing is opened yet."""
    url = settings.url
    if url is None:
        return LocalPlace(workspace.store)
    if url.startswith("file://"):
        return LocalPlace(Path(unquote(urlsplit(url).path)))
    if "://" not in url:
        return LocalPlace(workspace.root / Path(url).expanduser())
    cache = workspace.root / Path(settings.cache).expanduser()
    return RemotePlace(url, cache, round(settings.cache_gb * GIGABYTE))

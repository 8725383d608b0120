"""The feature store: define a view once, materialize it anywhere, never leak.

What needs torch is imported when it is asked for, so that workers that only decode start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rodepil.store.clipset import ClipSet, testing_set, training_set
    from rodepil.store.features import FeatureStore, MaterializeSummary
    from rodepil.store.registry import View
    from rodepil.store.views import FrameView, view_of

__all__ = [
    "ClipSet",
    "FeatureStore",
    "FrameView",
    "MaterializeSummary",
    "View",
    "testing_set",
    "training_set",
    "view_of",
]

_HOMES = {
    "ClipSet": "clipset",
    "FeatureStore": "features",
    "FrameView": "views",
    "MaterializeSummary": "features",
    "View": "registry",
    "testing_set": "clipset",
    "training_set": "clipset",
    "view_of": "views",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

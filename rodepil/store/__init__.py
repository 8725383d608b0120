"""The feature store: define a view once, materialize it anywhere, never leak.

What needs torch is imported when it is asked for, so that workers that only decode start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rodepil.store.clipset import ClipSet
    from rodepil.store.dataset import FeatureDataset
    from rodepil.store.features import FeatureStore
    from rodepil.store.loading import FeatureLoader, keep
    from rodepil.store.materialize import Manifest
    from rodepil.store.opening import open_store
    from rodepil.store.summary import MaterializeSummary
    from rodepil.store.views import View, declared_views, training_view
    from rodepil.store.views.frames import FrameView
    from rodepil.store.views.motion import MotionView

__all__ = [
    "ClipSet",
    "FeatureDataset",
    "FeatureLoader",
    "FeatureStore",
    "FrameView",
    "Manifest",
    "MaterializeSummary",
    "MotionView",
    "View",
    "declared_views",
    "keep",
    "open_store",
    "training_view",
]

_HOMES = {
    "ClipSet": "rodepil.store.clipset",
    "FeatureDataset": "rodepil.store.dataset",
    "FeatureLoader": "rodepil.store.loading",
    "FeatureStore": "rodepil.store.features",
    "FrameView": "rodepil.store.views.frames",
    "Manifest": "rodepil.store.materialize",
    "MaterializeSummary": "rodepil.store.summary",
    "MotionView": "rodepil.store.views.motion",
    "View": "rodepil.store.views",
    "declared_views": "rodepil.store.views",
    "keep": "rodepil.store.loading",
    "open_store": "rodepil.store.opening",
    "training_view": "rodepil.store.views",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)

"""Views: what is stored of a clip. A new kind is one class in one file."""

from __future__ import annotations

from rodepil.store.views.base import Column, Row, Tap, View
from rodepil.store.views.files import FileView
from rodepil.store.views.registry import declared_views, kind_of, register, training_view

__all__ = [
    "Column",
    "FileView",
    "Row",
    "Tap",
    "View",
    "declared_views",
    "kind_of",
    "register",
    "training_view",
]

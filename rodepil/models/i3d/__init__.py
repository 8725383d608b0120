"""I3D (Inception), its features of sliding windows, and where these stand in time."""

from __future__ import annotations

from rodepil.models.i3d.grid import FeatureGrid
from rodepil.models.i3d.network import I3D
from rodepil.models.i3d.slide import shares, slide

__all__ = ["I3D", "FeatureGrid", "shares", "slide"]

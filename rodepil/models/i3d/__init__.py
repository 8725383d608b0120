"""I3D (Inception), its features of sliding windows, and where these stand in time."""

from __future__ import annotations

from rodepil.models.i3d.grid import FeatureGrid
from rodepil.models.i3d.network import I3D
from rodepil.models.i3d.slide import WINDOWS_AT_ONCE, shares, slide
from rodepil.models.i3d.weights import load_i3d, write_i3d

__all__ = ["I3D", "WINDOWS_AT_ONCE", "FeatureGrid", "load_i3d", "shares", "slide", "write_i3d"]

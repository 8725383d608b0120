"""Networks, the registry that makes them by name, and the files that hold their weights.

A network's module is imported here so that it enters itself into the registry.
"""

from __future__ import annotations

from rodepil.models import i3d as i3d
from rodepil.models import timesformer as timesformer

"""The region of interest of a recording, and a tiny detector that is trained to find it."""

from rodepil.data.region import Detector, FixedBox, Found, Motion, Region, Yolo, locate

__all__ = ["Detector", "FixedBox", "Found", "Motion", "Region", "Yolo", "locate"]

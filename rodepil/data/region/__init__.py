"""The region of interest of a recording: found by a detector, steadied, and freed of mirrors."""

from rodepil.data.region.found import Detector, FixedBox, Found
from rodepil.data.region.locate import Region, locate
from rodepil.data.region.motion import Motion
from rodepil.data.region.yolo import Yolo

__all__ = ["Detector", "FixedBox", "Found", "Motion", "Region", "Yolo", "locate"]

"""Dense optical flow for batches of image pairs, on any device."""

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.dense import dense_flow
from rodepil.vision.flow.grey import to_grey
from rodepil.vision.flow.registry import FlowMethod, register

__all__ = ["FlowMethod", "FlowSettings", "dense_flow", "register", "to_grey"]

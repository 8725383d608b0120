"""A YOLO network as an ONNX file, run by OpenCV.

T frames, H W pixels, N boxes

References
----------
The layouts: ``rodepil.data.region.layout``. Inputs are RGB, range [0, 1], made to fit whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import NOTHING, Found, Frames
from rodepil.data.region.layout import Output, layout_of, read_output
from rodepil.data.region.letterbox import bring_back, fit
from rodepil.data.region.onnx_read import input_size
from rodepil.errors import ModelError

SIZE_PX = 640
"""The input's sides where the file leaves them open."""


class Yolo:
    """Finds animals with a network of YOLO's kind.

    Parameters
    ----------
    path
        The ONNX file.
    size_px
        Width and height of the input; by default what the file says, or `SIZE_PX`.
    classes
        Which of its classes are animals; by default all.
    least_score
        Boxes of lower scores are left out.
    most_overlap
        Of two boxes that overlap by more than this intersection over union, the better stays.

    Raises
    ------
    ModelError
        The file is missing or no ONNX network that OpenCV runs, or its output is not known.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_px: tuple[int, int] | None = None,
        classes: Sequence[int] | None = None,
        least_score: float = 0.25,
        most_overlap: float = 0.45,
    ) -> None:
        self._path, self._classes = path, classes
        self._least_score, self._most_overlap = least_score, most_overlap
        self.size_px = size_px or input_size(path) or (SIZE_PX, SIZE_PX)
        self._net = _read(path)
        blank = np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8)
        outputs = self._run(blank)
        self.output: Output = layout_of([output.shape for output in outputs], self.size_px)
        read_output(outputs[0], self.output, classes)

    def find(self, frames: Frames) -> Sequence[Found]:
        """Return what is found in each of the frames, (T, H, W, 3) uint8 RGB, range [0, 255].

        Raises
        ------
        ModelError
            The network gives what is not finite.
        """
        return [self._of(frame) for frame in frames]

    def _of(self, frame: Frames) -> Found:
        given, how = fit(frame, self.size_px)
        raw = read_output(self._run(given)[0], self.output, self._classes)
        if not (np.isfinite(raw.boxes).all() and np.isfinite(raw.scores).all()):
            raise ModelError(f"{self._path}: the network gives numbers that are not finite")
        corners = raw.boxes.astype(np.float64)
        sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(
            sides.tolist(), raw.scores.tolist(), self._least_score, self._most_overlap
        )
        if not len(kept):
            return NOTHING
        order = np.asarray(kept, np.int64).ravel()
        boxes = bring_back(raw.boxes[order], how, (frame.shape[1], frame.shape[0]))
        return Found(boxes, raw.scores[order])

    def _run(self, given: Frames) -> list[npt.NDArray[np.float32]]:
        """Return the network's outputs for an input (H, W, 3) uint8 RGB."""
        self._net.setInput(cv2.dnn.blobFromImage(given, 1 / 255.0))
        try:
            outputs = self._net.forward(self._net.getUnconnectedOutLayersNames())
            return [np.asarray(output, np.float32) for output in outputs]
        except cv2.error as error:
            wide, high = self.size_px
            raise ModelError(
                f"{self._path}: OpenCV can't run it on an input of {wide}x{high} px ({error.err}); "
                "give the size that it was exported for"
            ) from error


def _read(path: Path) -> cv2.dnn.Net:
    try:
        return cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise ModelError(
            f"{path} is no ONNX network that OpenCV reads ({error.err}); export it anew, with a "
            "fixed size of its input"
        ) from error

"""What a network sees of frames: colours, what changes between two frames, or how it moves.

A modality is one class in one file beside this one.
"""

from rodepil.vision.modality.registry import (
    Modality,
    known,
    make_modality,
    refuse_unknown,
    register,
)

__all__ = ["Modality", "known", "make_modality", "refuse_unknown", "register"]

"""A trained model is shown what it never saw: clips are scored."""

from rodepil.detect.clips import predict_clips

__all__ = ["predict_clips"]

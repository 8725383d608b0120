"""Tensors in, tensors out, on any device, for batches of clips.

Sampling, neighbours, augmentation, dense optical flow, modality (what a network sees of frames)
and normalisation.
"""

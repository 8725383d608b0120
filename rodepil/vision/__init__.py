"""Tensors in, tensors out, on any device: sampling, normalisation and augmentation of clips."""

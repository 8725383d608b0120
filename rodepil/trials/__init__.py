"""Trials on Ray: cross-validation, each fold recorded and none run twice."""

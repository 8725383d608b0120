"""The audit: whether anything but behaviour gives the label away."""

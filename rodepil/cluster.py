"""Run a function over many items, here or on a Ray cluster: the one door to Ray tasks."""

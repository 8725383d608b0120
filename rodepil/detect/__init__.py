"""A trained model is shown what it never saw: clips are scored, action units are found.

Nothing is imported here: scoring files of events wants no network, so it starts at once.
"""

"""RaSeformer: action units of a clip, localized in time, from a sequence of features."""

"""Localization as trials: planned, run on Ray, recorded and resumed as cross-validations are."""

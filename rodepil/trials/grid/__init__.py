"""Grids: a cross-validation a row, the trials of all rows side by side."""

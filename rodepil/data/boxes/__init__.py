"""Boxes of cages: drawn in a window, read from sheets, shown, kept and checked."""

"""Simulated recordings: cages with rats that behave and seize, with their true annotations."""

from rodepil.simulate.simulation import simulate

__all__ = ["simulate"]

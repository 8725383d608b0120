"""Simulated clips of action units: one rat, cropped, with all fourteen units in turn."""

from rodepil.simulate.units.clips import simulate_units
from rodepil.simulate.units.moves import MOVES
from rodepil.simulate.units.plan import UnitPlan, UnitSegment, make_unit_plans

__all__ = ["MOVES", "UnitPlan", "UnitSegment", "make_unit_plans", "simulate_units"]

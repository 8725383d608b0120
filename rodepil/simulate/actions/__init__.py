"""Simulated actions: labelled clips of moving shapes and textures, to pretrain networks on.

No rats and no cages: what the classes differ in is how something moves, not what it is.
"""

from rodepil.simulate.actions.clips import make_action, make_actions
from rodepil.simulate.actions.moves import ACTIONS

__all__ = ["ACTIONS", "make_action", "make_actions"]

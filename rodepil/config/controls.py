"""The controls: what a cross-validation goes without, and what its score then tells.

This is the one list of them. What a control does to frames is in `rodepil.vision`, to labels in
`rodepil.train`, to weights in `rodepil.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

ControlName = Literal["static", "shuffled", "background", "permuted", "scratch"]
Control = Literal["none", ControlName]
"""``none`` is the result itself."""


@dataclass(frozen=True)
class ControlFacts:
    """A control in words.

    Parameters
    ----------
    condition
        Under what the model is trained, as tables and figures name it.
    does
        What is done, as a sentence.
    tells
        What a score then says, as a sentence.
    warning
        What may be behind it when the score speaks against the result, as a sentence.
    wants_less
        Whether a score close to the result's speaks against it.
    wants_chance
        Whether a score above chance does: nothing that is left should tell the label.
    """

    condition: str
    does: str
    tells: str
    warning: str = ""
    wants_less: bool = False
    wants_chance: bool = False


CONTROLS: Final[Mapping[ControlName, ControlFacts]] = {
    "static": ControlFacts(
        condition="one frame repeated",
        does="The middle frame stands in place of every frame.",
        tells="What that reaches can be told from one posture and its place.",
        warning="The model may tell seizures by single pictures, not by how the animal moves.",
        wants_less=True,
    ),
    "shuffled": ControlFacts(
        condition="frames shuffled",
        does=(
            "The frames of each clip stand in an order of chance, in which no two that followed "
            "each other do; motion, where that is shown, is then between frames far apart."
        ),
        tells="What that reaches can be told from the set of postures, whatever their order.",
        warning="The model may tell seizures by which postures there are, not by how they follow.",
        wants_less=True,
    ),
    "background": ControlFacts(
        condition="background only",
        does=(
            "The median over the clip stands in place of every frame, which removes the animal "
            "unless it keeps its place for half of the clip."
        ),
        tells=(
            "What that reaches can be told from the scene, the cage's place and an animal that "
            "rests: a high score on the background alone is a shortcut."
        ),
        warning=(
            "The model may know the scene and not the behaviour: see whether cage, light or day go "
            "with the label ('rodepil audit'), and whether animals keep their place, "
            "so that the median still holds them."
        ),
        wants_less=True,
        wants_chance=True,
    ),
    "permuted": ControlFacts(
        condition="labels permuted",
        does=(
            "The labels of the training clips are permuted within each animal, drawn anew for "
            "every fold; the test labels are true."
        ),
        tells=(
            "Nothing is left to learn but how often each animal seizes, so a score above chance "
            "in all folds together is a leak or a fault. A single fold may fall far to either "
            "side: what it learned by chance goes with or against the truth."
        ),
        warning=(
            "Test clips may have leaked into training, by twins of clips or animals under two "
            "names; or animals differ so much in how often they seize that their looks tell it."
        ),
        wants_chance=True,
    ),
    "scratch": ControlFacts(
        condition="no pretraining",
        does="Random weights stand in place of the pretrained ones.",
        tells="What is lost is what pretraining adds.",
    ),
}
"""In the order in which they are shown."""

ALL: Final[tuple[Control, ...]] = ("none", *get_args(ControlName))


def condition_of(control: str) -> str:
    """Return under what a control's model is trained, also of a control that is not known here."""
    if control == "none":
        return "as recorded"
    facts = {str(name): facts for name, facts in CONTROLS.items()}
    return facts[control].condition if control in facts else control.replace("_", " ")


def rank_of(control: str) -> tuple[int, str]:
    """Return what sorts controls into the order in which they are shown; others follow by name."""
    names = [str(name) for name in ALL]
    return (names.index(control) if control in names else len(names), control)

"""The labels of annotations: a seizure, and the action units that it is made of.

References
----------
.. [1] RatSeizure's annotation vocabulary: fourteen labels, here in the order of their ids.
.. [2] Racine, R. J. (1972). Modification of seizure activity by electrical stimulation: II.
   Motor seizure. Electroencephalography and Clinical Neurophysiology, 32(3), 281-294.
"""

from __future__ import annotations

SEIZURE = "seizure"
"""The label of a whole seizure, from its first sign to its last."""

ACTION_UNITS: tuple[str, ...] = (
    "others",
    "staring",
    "mouth clonus",
    "wet dog shakes",
    "head nodding",
    "neck jerk",
    "unilateral forelimb clonus",
    "bilateral forelimb clonus",
    "alternating forelimb clonus",
    "rearing",
    "falling",
    "wild running",
    "jumping",
    "tonic extension",
)
"""Action units; a unit's place is its id. ``others`` (id 0) is normal behaviour."""

RACINE_STAGES: dict[str, int] = {
    "staring": 1,
    "mouth clonus": 1,
    "wet dog shakes": 2,
    "head nodding": 2,
    "neck jerk": 2,
    "unilateral forelimb clonus": 3,
    "bilateral forelimb clonus": 3,
    "alternating forelimb clonus": 3,
    "rearing": 4,
    "falling": 5,
    "wild running": 6,
    "jumping": 6,
    "tonic extension": 7,
}
"""The stage of each unit: Racine's 1 to 5, with running and jumping as 6, tonus as 7."""

LABELS: tuple[str, ...] = (SEIZURE, *ACTION_UNITS)
"""Every label that an annotation may carry."""

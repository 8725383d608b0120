"""What a materialization did, in numbers and words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from rodepil.errors import FeatureError
from rodepil.io.wording import by_number

EXAMPLES = 3
REASONS = 20
"""Of what failed, the clips that are named for one reason, and the reasons that are told."""


@dataclass(frozen=True)
class MaterializeSummary:
    """What `FeatureStore.materialize` did.

    Attributes
    ----------
    features
        The snapshot: the table "features", a row for every feature of a kept clip.
    computed, reused
        Features made now, and those that were there, by view.
    failures
        The table "failures": clips that gave no feature, by path, with the reason.
    """

    features: pa.Table
    computed: dict[str, int]
    reused: dict[str, int]
    failures: pa.Table

    def raise_if_failed(self, told: Iterable[str] = ()) -> None:
        """Refuse to go on where clips gave no feature.

        Parameters
        ----------
        told
            What else there is to say, a line each.

        Raises
        ------
        FeatureError
            Some did.
        """
        if self.failures.num_rows:
            none = [name for name in self.computed if not self.computed[name] + self.reused[name]]
            said = "\n".join([str(self), *told])
            raise FeatureError(
                f"{said}\n{''.join(f'view {name!r} has no features at all. ' for name in none)}"
                "What is done is kept. Mend what is said above and run the same command again, or "
                "take the view that clips do not fit out of the settings"
            )

    def __str__(self) -> str:
        done = [
            f"{view}: {by_number(self.computed[view] + self.reused[view], 'feature', 'features')}, "
            f"{self.computed[view]:,} computed, {self.reused[view]:,} reused"
            for view in self.computed
        ]
        return "\n".join([*done, *_failed(self.failures)])


def _failed(failures: pa.Table) -> Iterator[str]:
    """Yield what failed: clips of one reason together, a line a reason."""
    clips: dict[str, list[str]] = {}
    items, messages = (failures.column(name).to_pylist() for name in ("item", "message"))
    for item, message in zip(items, messages, strict=True):
        clips.setdefault(message.removeprefix(item).strip(" :"), []).append(item)
    if clips:
        yield f"{by_number(len(set(items)), 'clip', 'clips')} failed"
    for reason, which in list(clips.items())[:REASONS]:
        some = ", ".join(which[:EXAMPLES])
        more = f", … ({len(which):,} clips)" if len(which) > EXAMPLES else ""
        yield f"  {some}{more}: {reason}"
    if len(clips) > REASONS:
        yield f"  and {by_number(len(clips) - REASONS, 'other reason', 'other reasons')}"

"""What a materialization did, in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from rodepil.errors import FeatureError


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

    def raise_if_failed(self) -> None:
        """Refuse to go on where clips gave no feature.

        Raises
        ------
        FeatureError
            Some did.
        """
        if self.failures.num_rows:
            none = [name for name in self.computed if not self.computed[name] + self.reused[name]]
            raise FeatureError(
                f"{self}\n{''.join(f'view {name!r} has no features at all. ' for name in none)}"
                "What is done is kept. Mend what is said above and run the same command again, or "
                "take the view that clips do not fit out of the settings"
            )

    def __str__(self) -> str:
        done = [
            f"{view}: {self.computed[view] + self.reused[view]} features, "
            f"{self.computed[view]} computed, {self.reused[view]} reused"
            for view in self.computed
        ]
        failed = [f"{self.failures.num_rows} clips failed"] if self.failures.num_rows else []
        reasons = [f"  {row['item']}: {row['message']}" for row in self.failures.to_pylist()]
        return "\n".join([*done, *failed, *reasons])

"""A grid as it was written down, whatever its rows train.

``results/grids/NAME/grid.json``, where rows localize ``localize.json``, is one object::

    {
      "name": "ablation", "title": "…", "data": "simulated recordings",
      "source": "RodEpil paper, Table III",       whose values stand beside; may be empty
      "experiment": "rodepil/ablation",
      "axes": ["modality", "size", …],            order of words; may be missing
      "digests": {"clips": "…", "folds": "…"},    where rows localize, "events" too
      "folds": [0, 1, 2, 3, 4],                   of the fold table
      "rows": [
        {
          "name": "rgb-224-16-sgd-kinetics",
          "words": {"modality": "RGB", "size": "224", …},
          "paper": {"accuracy": 98.55, "sensitivity": 97.81, "precision": 96.31, "f1": 97.0},
          "changes": {"features.size_px": 32, …},
          "group_id": "…", "run_id": "…",
          "folds": [0, 1, 2, 3, 4],               wanted so far, and finished
          "finished": [0, 1, 2, 4],
          "failed": {"3": "why"}
        }, …
      ]
    }

with the source's values in percent, a group where anything came of a row, and for every row that
has finished a fold ``rows/ROW.json`` and a table beside it: ``rows/ROW_predictions.parquet``, as
`rodepil.report.inputs` says of a cross-validation, or ``rows/ROW_detections.parquet``, as
`rodepil.report.localize.read` says of a localization. Which folds are finished is read from these:
they are written first, and a killed run may have written no more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import Field

from rodepil.config.base import Settings
from rodepil.report.words import data_note


class RowRecord(Settings, extra="ignore"):
    """A row as it was written down: what it is, and how far it has come."""

    name: str
    words: dict[str, str] = Field(default_factory=dict)
    paper: dict[str, float] = Field(default_factory=dict)
    changes: dict[str, Any] = Field(default_factory=dict)
    group_id: str | None = None
    run_id: str | None = None
    folds: tuple[int, ...]
    finished: tuple[int, ...]
    failed: dict[str, str] = Field(default_factory=dict)


class GridRecord(Settings, extra="ignore"):
    """A grid as it was written down."""

    name: str
    title: str
    data: str
    source: str = ""
    note: str = ""
    experiment: str
    axes: tuple[str, ...] = ()
    digests: dict[str, str] = Field(default_factory=dict)
    folds: tuple[int, ...] = ()
    rows: tuple[RowRecord, ...]


@dataclass(frozen=True)
class AnyRow(ABC):
    """A row, whatever it trains.

    Parameters
    ----------
    record
        What was written down.
    """

    record: RowRecord

    @property
    def name(self) -> str:
        """What the row is called everywhere."""
        return self.record.name

    @property
    @abstractmethod
    def finished(self) -> tuple[int, ...]:
        """The folds that are done, rising."""

    @property
    def failed(self) -> Mapping[int, str]:
        """Why folds that are not done failed, rising."""
        told = {int(fold): why for fold, why in self.record.failed.items()}
        return {fold: told[fold] for fold in sorted(told.keys() - set(self.finished))}


R = TypeVar("R", bound=AnyRow)


@dataclass(frozen=True)
class Rows(Generic[R]):
    """A grid with its rows, whatever these train."""

    record: GridRecord
    rows: tuple[R, ...]

    @property
    def data(self) -> str:
        """The data that the numbers come from, in words."""
        return self.record.data

    @property
    def about(self) -> str:
        """What must be said of the numbers: the data, and what the grid's file says of them."""
        return " ".join(filter(None, [data_note(self.data), self.record.note]))

    @property
    def folds(self) -> tuple[int, ...]:
        """All folds that a row can be tested on, rising."""
        wanted = {fold for row in self.rows for fold in (*row.record.folds, *row.finished)}
        return tuple(sorted(self.record.folds or wanted))

    @property
    def complete(self) -> tuple[R, ...]:
        """The rows whose folds are all done."""
        return tuple(
            row for row in self.rows if row.finished and set(row.finished) >= {*self.folds}
        )

    def row(self, name: str) -> R | None:
        """Return the row of a name; None, there is none."""
        return next((row for row in self.rows if row.name == name), None)


AnyGrid = Rows[Any]
"""A grid of which nobody asks what its rows train."""

"""What a view is: schema, settings, versions, an example traced to its recording, statistics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.compute as pc

from rodepil.data.split import split_by_fold
from rodepil.errors import FoldError, SubjectLeak
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.store import snapshot
from rodepil.store.know.lineage import ViewRecord, trace
from rodepil.store.know.project import StoreProject
from rodepil.store.know.statistics import ColumnStatistics, Statistics, training_statistics
from rodepil.store.know.tell import settings_text, titled, told_settings
from rodepil.store.shards import folder_name

CHANNELS_SHOWN = 4
BAR_CHARS = 40
BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Description:
    """What there is to know of a view.

    Attributes
    ----------
    view
        Kind, settings, versions: all that its keys hang on, beside the clip.
    columns
        ``dtype``, ``shape`` and ``unit`` of each; null in a shape is a length that differs.
    told
        The view's settings as people know them: with a network's name, and what that reads.
    folder
        Where its shards lie in the store.
    clips
        Clips of the snapshot that have a feature.
    snapshot
        The digest of which clip has which feature.
    example
        A clip, from its recording's SHA-256 to the key of its feature.
    statistics
        Over the training clips of a fold.
    without
        Why there are none; empty where there are.
    """

    view: ViewRecord
    columns: dict[str, dict[str, object]]
    told: str
    folder: str
    clips: int
    snapshot: str
    example: dict[str, Any]
    statistics: Statistics | None
    without: str

    def as_dict(self) -> dict[str, object]:
        """Return all of it as JSON takes it."""
        said = {**vars(self), "view": self.view.model_dump(mode="json")}
        return said | {"statistics": asdict(self.statistics) if self.statistics else None}

    def lines(self) -> Iterator[str]:
        """Yield it as text."""
        yield from _words("view", f"{self.view.name} (kind {self.view.kind})")
        yield from _words("settings", self.told)
        for name, column in self.columns.items():
            unit = f", {column['unit']}" if column["unit"] else ""
            said = f"{name}: {column['dtype']} {_shape(column['shape'])}{unit}"
            yield from _words("column", said)
        yield from _words("clips", f"{self.clips} in the snapshot, digest {self.snapshot}")
        yield from _words("folder", self.folder)
        yield ""
        yield "A key is the hash of a clip's bytes and of what makes the view:"
        yield from _words("code", f"version {self.view.code_version}")
        yield from _words("made with", self.view.made_with)
        for name, digest in self.view.made_of.items():
            yield from _words("made of", f"{name} {digest}")
        yield from _words("identity", self.view.identity)
        yield ""
        yield "A clip, back to its recording:"
        for name, value in self.example.items():
            yield from _words(name, "unknown" if value is None else str(value))
        yield ""
        if self.statistics is None:
            yield f"No statistics: {self.without}"
        else:
            yield from _statistics(self.statistics, next(iter(self.columns)))


def describe(
    project: StoreProject,
    name: str,
    *,
    test_fold: int | None = None,
    progress: Progress | None = None,
) -> Description:
    """Return what a view of the settings is, and what its training clips are like.

    Parameters
    ----------
    project
        Whose store it is.
    name
        The view.
    test_fold
        The fold to leave out; by default the first. Where it is not given and there can be no
        statistics, the description says why.
    progress
        Shown clips.

    Raises
    ------
    FeatureError
        There is no such view or no snapshot, the snapshot is stale, or a feature is gone.
    FoldError, SubjectLeak, TableError
        `test_fold` can't be tested.
    """
    project.refuse_without_snapshot()
    view = project.view(name)
    held = project.held(name)
    clips = project.manifest.clips
    traced = trace(view, project.features, clips, project.recordings, project.store.place)
    first = traced.slice(0, 1).to_pylist()[0]
    of_clip = clips.filter(pc.field("clip_id") == first["clip_id"]).to_pylist()[0]
    place = held.filter(pc.field("clip_id") == first["clip_id"]).to_pylist()[0]
    statistics, without = _measured(project, name, test_fold, progress)
    return Description(
        view=ViewRecord.of(view),
        columns={
            column: {"dtype": what.dtype, "shape": list(what.shape), "unit": what.unit}
            for column, what in view.columns.items()
        },
        told=settings_text(told_settings(view)),
        folder=folder_name(view),
        clips=held.num_rows,
        snapshot=snapshot.digest(name, project.features),
        example={
            "recording": first["recording_id"],
            "recording sha256": first["recording_sha256"],
            "frames": f"{first['start_frame']} to {first['end_frame']}",
            "clip": first["clip_id"],
            "clip file": of_clip["path"],
            "clip sha256": first["clip_sha256"],
            "key": first["key"],
            "shard": place["shard"],
            "row": place["row"],
        },
        statistics=statistics,
        without=without,
    )


def _measured(
    project: StoreProject, name: str, test_fold: int | None, progress: Progress | None
) -> tuple[Statistics | None, str]:
    """Return statistics, or why there are none."""
    path = project.workspace.folds
    if not path.is_file():
        why = f"there are no folds yet at {path}; run 'rodepil folds make'"
        if test_fold is not None:
            raise FoldError(why)
        return None, why
    folds = tables.read("folds", path)
    first = pc.min(folds.column("fold")).as_py()
    fold = test_fold if test_fold is not None else first
    try:
        split = split_by_fold(project.manifest.clips, folds, fold)
        return training_statistics(project.store, project.view(name), split, progress=progress), ""
    except (FoldError, SubjectLeak) as error:
        if test_fold is not None:
            raise
        return None, str(error)


def _words(title: str, text: str) -> Iterator[str]:
    yield titled(title, text, 18)


def _shape(shape: object) -> str:
    lengths = shape if isinstance(shape, list) else []
    said = ", ".join("any length" if length is None else str(length) for length in lengths)
    return f"({said})" if said else "(a single number)"


def _statistics(statistics: Statistics, main: str) -> Iterator[str]:
    yield (
        f"Training clips of the split that tests fold {statistics.test_fold}: "
        f"{statistics.clips:,} clips of {statistics.subjects:,} subjects"
    )
    for label, name in ((0, "normal"), (1, "seizure")):
        count = statistics.labels.get(label, 0)
        yield from _words(name, f"{count:,} clips, {100 * count / statistics.clips:.2f}%")
    for name, column in statistics.columns.items():
        yield ""
        yield from _column(name, column)
        yield from _bars(column) if name == main else _line(column)
    yield ""
    yield "(--json FILE has every number, and histograms of 16 bins.)"


def _column(name: str, column: ColumnStatistics) -> Iterator[str]:
    yield f"{name}: {column.numbers:,} numbers from {column.minimum:g} to {column.maximum:g}"
    if column.not_finite:
        yield from _words("not finite", f"{column.not_finite:,}")
    yield from _words("mean", _channels(column.mean))
    yield from _words("std", _channels(column.std))


def _bars(column: ColumnStatistics) -> Iterator[str]:
    """Yield a histogram of 8 bins, a line each."""
    counts = [sum(column.counts[at : at + 2]) for at in range(0, len(column.counts), 2)]
    most, total = max(counts) or 1, sum(counts) or 1
    for at, count in enumerate(counts):
        low, high = column.edges[2 * at], column.edges[2 * at + 2]
        bar = "█" * round(BAR_CHARS * count / most) or "·" * bool(count)
        yield f"{low:>9.4g} to {high:<9.4g} {100 * count / total:6.2f}% {bar}".rstrip()


def _line(column: ColumnStatistics) -> Iterator[str]:
    """Yield a histogram of 16 bins in a line."""
    most = max(column.counts) or 1
    levels = [math.ceil((len(BLOCKS) - 1) * count / most) for count in column.counts]
    ends = f"{column.edges[0]:.4g} to {column.edges[-1]:.4g}"
    yield from _words("histogram", f"|{''.join(BLOCKS[level] for level in levels)}| {ends}")


def _channels(values: tuple[float, ...]) -> str:
    said = ", ".join(f"{value:.6g}" for value in values[:CHANNELS_SHOWN])
    return said + f", … ({len(values)} channels)" * (len(values) > CHANNELS_SHOWN)

"""Look for what a split shares: by files, features or films, animals and names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.audit.cache import measure_all
from rodepil.data.audit.items import clip_items
from rodepil.data.audit.likeness import near_duplicates
from rodepil.data.ratseizure.alike import LIKENESS_MIN, alike, pooled
from rodepil.data.ratseizure.copies import copies_across
from rodepil.data.ratseizure.leaks import Alike, SplitLeaks, shared, without_same
from rodepil.data.ratseizure.source import UnitsSource
from rodepil.io.progress import Progress
from rodepil.io.sequences import SequenceForm, read_sequence

BY_FEATURES: Final = "the course of their features"
BY_FILM: Final = "what moves in them, and where"


def leaks_of(
    source: UnitsSource,
    digests: Mapping[str, str],
    sides: Mapping[str, str],
    pairs: tuple[list[Alike], str, float],
) -> SplitLeaks:
    """Return what is shared between the sides of a split.

    Parameters
    ----------
    source
        The annotated clips.
    digests
        The sha256 of each one's file.
    sides
        Where each kept clip stands.
    pairs
        Clips that are nearly the same, by what, and from which likeness on.
    """
    found, by, least = pairs
    return SplitLeaks(
        content=shared(digests, sides),
        alike=without_same(found, digests),
        alike_by=by,
        alike_min=least,
        subjects=shared(source.subjects, sides),
        known=len({clip.video_id for clip in source.annotations.clips} & set(source.subjects)),
        copies=copies_across(source.annotations.clips),
    )


def alike_features(
    clips: pa.Table, root: Path, form: SequenceForm, sides: Mapping[str, str], progress: Progress
) -> tuple[list[Alike], str, float]:
    """Return the pairs of kept clips on two sides whose features are nearly the same.

    Parameters
    ----------
    clips
        Table "clips", whose paths are those of features.
    root
        What they are relative to.
    form
        What a file must be.
    sides
        Where each clip stands, by its video_id.
    progress
        Shown the clips.
    """
    rows = clips.filter(pc.field("kept")).select(["video_id", "path"]).to_pylist()
    vectors = []
    with progress.task("compare features", len(rows), "clips") as advance:
        for row in rows:
            vectors.append(pooled(read_sequence(root / row["path"], form)))
            advance(1)
    names = [row["video_id"] for row in rows]
    pairs = alike(vectors, [sides[name] for name in names])
    found = [Alike(names[pair.first], names[pair.second], pair.likeness) for pair in pairs]
    return found, BY_FEATURES, LIKENESS_MIN


def alike_films(
    clips: pa.Table,
    root: Path,
    sides: Mapping[str, str],
    progress: Progress,
    *,
    cache: Path,
    likeness_min: float,
) -> tuple[list[Alike], str, float]:
    """Return the pairs of kept clips on two sides that hold the same film, as an audit tells.

    Parameters
    ----------
    clips, root, sides, progress
        As for `alike_features`, whose paths are those of videos.
    cache
        Folder where measurements are kept.
    likeness_min
        Least correlation of what changes.

    Raises
    ------
    SourceError
        Another audit is at work in `cache`, or it can't be written to.
    """
    items = clip_items(clips, root)
    measured = measure_all(items, cache, progress)
    names = {row["clip_id"]: row["video_id"] for row in clips.to_pylist()}
    known = [item.clip_id for item in items if item.clip_id in measured.rows]
    prints = [measured.rows[clip_id]["fingerprint"] for clip_id in known]
    pairs, _ = near_duplicates(
        [one if isinstance(one, bytes) else None for one in prints], likeness_min
    )
    found = [
        Alike(names[known[pair.first]], names[known[pair.second]], pair.likeness) for pair in pairs
    ]
    across = [pair for pair in found if sides[pair.one] != sides[pair.other]]
    return sorted(across, key=lambda pair: -pair.likeness), BY_FILM, likeness_min

"""Recordings, one after another; what is finished is kept and not done again.

The folder ``.parts`` of the output holds one file a finished video, named by all that its events
depend on: the video's content and name, its boxes, both networks, and how clips are made.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.lock import alone_in
from rodepil.detect.localize.boxes import Where
from rodepil.detect.localize.former import refuse_others
from rodepil.detect.localize.one import BESIDE, Far, Look, localize_one
from rodepil.detect.localize.outcome import RULE, Localized, Told, VideoFacts
from rodepil.detect.localize.placing import place
from rodepil.detect.localize.tools import Tools
from rodepil.detect.reading import find_clips
from rodepil.errors import RodepilError, SourceError, TableError
from rodepil.io import tables
from rodepil.io.clip_frames import decoder_version, measure_span
from rodepil.io.files import sha256_file, short_hash
from rodepil.io.progress import Progress, Silent

VERSION: Final = 1
"""Raised when the same input gives other events."""

PARTS: Final = ".parts"
FACTS: Final = b"rodepil.video"
_SHAPES_CLIPS: Final = frozenset(
    {"clip_duration_s", "fps", "size_px", "fit", "codec", "qp", "max_gap_s", "max_end_gap_s"}
)


def localize_recordings(
    given: Sequence[Path],
    tools: Tools,
    out: Path,
    *,
    where: Where | None = None,
    told: Told | None = None,
    curate: CurateSettings | None = None,
    replace_others: bool = False,
    progress: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Localized:
    """Find action units in recordings of any length, rate and size.

    Frames are shown to the networks as those of curated clips: a video of one clip's length gives
    the events that curation, store and localizer give together.

    Parameters
    ----------
    given
        Video files, and folders that are searched for them.
    tools
        Localizer and extractor.
    out
        Where finished videos are noted; a second run goes on from there.
    where
        The cages; by default the whole frame.
    told
        Which events people are told of.
    curate
        How the clips were made that the model learned from; the rate is that of its features.
    replace_others
        Go on where the output holds results of videos that are not given; who writes the new
        ones clears the former (`rodepil.detect.localize.former.clear_former`).
    progress
        Shown the seconds of all videos.
    warn
        Told, before any video is looked through, what is wrong with the boxes of some.

    Raises
    ------
    SourceError
        There is no video, or none could be looked through; or the output can't be written,
        another process is at work there, or it holds results of other videos.
    SettingError
        The model does not know a label that shall be told.
    ModelError
        The features' rate is no whole number.
    """
    where, told = where or Where(), told or Told()
    told.check(tools.localizer.card.labels)
    clips = tools.clips(curate or CurateSettings())
    videos = named(find_clips(given))
    parts = out / PARTS
    with alone_in(parts):
        _sweep(parts)
        if not replace_others:
            refuse_others(out, videos)
        placed = place(videos, where, progress or Silent())
        if warn is not None:
            for line in placed.lines():
                warn(line)
        found, failed = _found(placed.cages, tools, clips, parts, progress or Silent())
    failed |= placed.failed
    if not found:
        reasons = "".join(f"\n  {path}: {reason}" for path, reason in failed.items())
        raise SourceError(f"no video could be looked through:{reasons}")
    events = pa.concat_tables([events for events, _ in found.values()])
    facts = tuple(facts for _, facts in found.values())
    known = about(tools, told, clips, facts, placed.doubts)
    ordered = tuple((str(video), failed[video]) for video in videos if video in failed)
    return Localized(events, told.of(events), facts, ordered, known)


def _found(
    cages: Mapping[Path, Sequence[Cage]],
    tools: Tools,
    clips: CurateSettings,
    parts: Path,
    progress: Progress,
) -> tuple[dict[Path, tuple[pa.Table, VideoFacts]], dict[Path, str]]:
    """Look through videos, one after another; return what they hold, and why others can't be."""
    lengths = {video: _length_s(video) for video in cages}
    found: dict[Path, tuple[pa.Table, VideoFacts]] = {}
    failed: dict[Path, str] = {}
    with progress.task("localize", sum(lengths.values()), "s") as advance:
        for video, places in cages.items():
            steps = _Steps(lengths[video], advance)
            try:
                look = Look(video, sha256_file(video), places, tools, clips)
                found[video] = _part(look, parts, steps)
            except (RodepilError, OSError) as error:
                failed[video] = str(error).removeprefix(f"{video}: ")
            steps.end()
    return found, failed


def named(videos: Sequence[Path]) -> dict[Path, str]:
    """Return the name of each video, that of its file without ending; of several alike, with more.

    Those get the start of their content's digest, so that their order is nothing.
    """
    once = list(dict.fromkeys(videos))
    stems = [video.stem for video in once]
    return {
        video: video.stem
        if stems.count(video.stem) == 1 or not video.is_file()
        else f"{video.stem}-{sha256_file(video)[:8]}"
        for video in once
    }


def about(
    tools: Tools,
    told: Told,
    clips: CurateSettings,
    videos: Sequence[VideoFacts],
    doubts: Sequence[str] = (),
) -> dict[str, object]:
    """Return what events rest on, for people and programs."""
    card = tools.localizer.card
    subjects = {cage.subject_id for video in videos for cage in video.cages}
    learned = sorted(subjects & set(card.learned_from or ()))
    leak = f"the model learned from {', '.join(learned)}: what it finds of them is no test of it"
    return {
        "model": str(tools.model.resolve()),
        "model_sha256": tools.model_sha256,
        "trial_id": card.trial_id,
        "learned_from_data": card.data,
        "extractor_sha256": tools.extractor_sha256,
        "notes": [*tools.notes, *([leak] if learned else []), *doubts],
        "min_score": told.min_score,
        "labels": list(told.labels or card.labels),
        "rule": RULE,
        "clips": clips.model_dump(include=set(_SHAPES_CLIPS)),
    }


def _part(look: Look, parts: Path, far: Far) -> tuple[pa.Table, VideoFacts]:
    """Return what a video holds, from its part if it is finished."""
    tools, clips = look.tools, look.curate.model_dump(include=set(_SHAPES_CLIPS))
    key = short_hash(
        VERSION, look.sha256, [repr(cage) for cage in look.cages], tools.model_sha256,
        tools.extractor_sha256, clips, decoder_version(),
    )  # fmt: skip
    path = parts / f"{key}.parquet"
    known = _finished(path)
    if known is not None:
        return known[0], replace(known[1], path=str(look.video.resolve()))
    events, facts = localize_one(look, beside=parts, far=far)
    noted = events.replace_schema_metadata({FACTS: json.dumps(facts.as_json())})
    return tables.write("events", noted, path).replace_schema_metadata(None), facts


def _sweep(parts: Path) -> None:
    """Remove the features that killed runs left; no other process is at work here."""
    for folder in parts.glob(f"{BESIDE}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _finished(path: Path) -> tuple[pa.Table, VideoFacts] | None:
    """Return a finished part; one that is missing or damaged is made again."""
    if not path.is_file():
        return None
    try:
        events = tables.read("events", path)
        facts = VideoFacts.of_json(json.loads((events.schema.metadata or {})[FACTS]))
    except (TableError, KeyError, TypeError, ValueError):
        return None
    return events.replace_schema_metadata(None), facts


def _length_s(video: Path) -> float:
    """Return about how long a video is, 0 for one that can't be read; for progress alone."""
    try:
        span = measure_span(video)
    except (RodepilError, OSError):
        return 0.0
    return float(span.n_frames / span.fps)


class _Steps:
    """Advances by a video's length, no more and, when it is over, no less."""

    def __init__(self, length_s: float, advance: Callable[[float], None]) -> None:
        self._left_s, self._advance = length_s, advance

    def __call__(self, done_s: float) -> None:
        step_s = min(done_s, self._left_s)
        self._left_s -= step_s
        self._advance(step_s)

    def end(self) -> None:
        """Tell that the video is over, looked through or not."""
        self(self._left_s)

"""The files of clips, checked before they are taken: features by shape, videos by decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rodepil.data.lab.find import absolute
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import failure, probe_many
from rodepil.data.ratseizure.clips import RatSeizureClip
from rodepil.errors import FeatureError, SourceError
from rodepil.io.progress import Progress
from rodepil.io.sequences import SequenceForm, read_sequence


@dataclass
class Checked:
    """What became of the files of one kind.

    Parameters
    ----------
    sound
        Those that can be taken, by clip.
    failures
        Rows of the table "failures": a clip's file that is missing or can't be taken.
    strange
        Files of no clip; they are left where they are.
    notes
        What to know of what was taken.
    """

    sound: dict[str, Path] = field(default_factory=dict)
    failures: list[dict[str, object]] = field(default_factory=list)
    strange: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_features(
    clips: Iterable[RatSeizureClip],
    files: Mapping[str, Path],
    form: SequenceForm,
    progress: Progress,
) -> Checked:
    """Check the files of features; all must have one width, that of most of them.

    Parameters
    ----------
    clips
        The annotated clips.
    files
        Files by clip.
    form
        The grid that they must have been made on.
    progress
        Shown the clips.
    """
    listed = list(clips)
    checked = _begun(listed, files, "features")
    widths: dict[str, int] = {}
    with progress.task("check features", len(listed), "clips") as advance:
        for clip in listed:
            if clip.video_id in files:
                path = files[clip.video_id]
                try:
                    read = read_sequence(path, form, clip.duration_s)
                    widths[clip.video_id] = read.shape[1]
                    checked.sound[clip.video_id] = path
                except FeatureError as error:
                    checked.failures.append(failure(path, error))
            advance(1)
    _refuse_other_widths(checked, widths, form)
    return checked


def check_videos(
    clips: Iterable[RatSeizureClip],
    files: Mapping[str, Path],
    journal: Path,
    slack_s: float,
    progress: Progress,
) -> Checked:
    """Check videos by decoding them.

    Parameters
    ----------
    clips
        The annotated clips.
    files
        Files by clip.
    journal
        Where it is noted what was probed: a second check is quick.
    slack_s
        How far a video's length may be from the annotated one without a note.
    progress
        Shown the hours of video.
    """
    listed = list(clips)
    checked = _begun(listed, files, "video")
    paths = {absolute(files[one.video_id]): one for one in listed if one.video_id in files}
    probed = probe_many(list(paths), journal=ProbeJournal(journal), progress=progress)
    checked.failures += probed.failures
    for facts in probed.facts:
        clip = paths[Path(facts.path)]
        checked.sound[clip.video_id] = Path(facts.path)
        if abs(facts.duration_s - clip.duration_s) > slack_s:
            checked.notes.append(
                f"'{clip.video_id}' lasts {facts.duration_s:.4g} s, its annotations say "
                f"{clip.duration_s:g} s"
            )
    return checked


def _begun(clips: Iterable[RatSeizureClip], files: Mapping[str, Path], what: str) -> Checked:
    """Return what is told by names alone: clips without a file, and files of no clip."""
    names = [clip.video_id for clip in clips]
    lacking = [
        failure(name, SourceError(f"clip '{name}' has no {what}; bring its file, or leave it out"))
        for name in names
        if name not in files
    ]
    known = set(names)
    return Checked(
        failures=lacking, strange=[path for name, path in files.items() if name not in known]
    )


def _refuse_other_widths(checked: Checked, widths: dict[str, int], form: SequenceForm) -> None:
    """Move files whose width is not that of most to those that failed."""
    if not widths:
        return
    usual = Counter(widths.values()).most_common(1)[0][0]
    for video_id in [name for name, width in widths.items() if width != usual]:
        path = checked.sound.pop(video_id)
        try:
            read_sequence(path, replace(form, width=usual))
        except FeatureError as error:
            checked.failures.append(failure(path, error))
    checked.notes.append(
        f"features are {usual} wide: sequence.imported_width and localize.network.feature_width "
        f"must be {usual}"
    )

"""Which published clips can be taken: their names, and what two files may not share.

A refused file is a row of the table "failures" that names the files and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rodepil.data.lab.facts import Facts
from rodepil.data.lab.register import failure
from rodepil.data.recordings import Recording
from rodepil.errors import ClipNameError, SourceError
from rodepil.io.names import LABELS, SUFFIX, ClipName, parse_clip_name

Failures = list[dict[str, object]]


@dataclass(frozen=True)
class Clip:
    """A published clip: what its file holds and what its name says."""

    facts: Facts
    name: ClipName

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self.facts.path)

    @property
    def recording_id(self) -> str:
        """The whole name without its suffix."""
        return self.path.stem

    @property
    def part(self) -> str:
        """What tells it from other clips of its recording: the cage, and the published frames."""
        return f"{self.name.position}-{self.name.first}-{self.name.last}"

    @property
    def seizure(self) -> bool:
        """Whether its name says that it shows a seizure."""
        return LABELS[self.name.label] == 1


def read_names(paths: Sequence[Path], refused: Failures) -> dict[str, ClipName]:
    """Return what the names of files say, by path; the others join `refused`."""
    names = {}
    for path in paths:
        try:
            names[str(path)] = read_name(path)
        except (ClipNameError, SourceError) as error:
            refused.append(failure(path, error))
    return names


def read_name(path: Path) -> ClipName:
    """Return what the name of a clip says, whatever its suffix.

    Raises
    ------
    ClipNameError
        It breaks the convention.
    SourceError
        It lies in a folder ``0`` or ``1`` that says the other label.
    """
    try:
        name = parse_clip_name(path.stem + SUFFIX)
    except ClipNameError as error:
        raise ClipNameError(f"{path}: {error}") from error
    folder = path.parent.name
    if folder in ("0", "1") and int(folder) != LABELS[name.label]:
        raise SourceError(
            f"{path}: its name says Label {name.label}, Y {LABELS[name.label]}, and its folder "
            f"'{folder}' says {folder}; look at it, and move or rename it"
        )
    return name


def without_twins(clips: Sequence[Clip], refused: Failures) -> list[Clip]:
    """Return the clips whose content is their own, of copies the first.

    Where the names of copies disagree on the label or the animal, none of them is taken.
    """
    kept = []
    for copies in _grouped(clips, lambda clip: clip.facts.sha256):
        said = {(clip.name.label, clip.name.rat_id) for clip in copies}
        if len(said) == 1:
            kept.append(copies[0])
            reason = "{} holds the same video as {}; give it once"
            refused += [_refusal(clip, reason, [copies[0]]) for clip in copies[1:]]
        else:
            reason = (
                "{} holds the same video as {}, and their names disagree on the label or the "
                "animal; leave out those that are wrong"
            )
            refused += [_refusal(clip, reason, copies) for clip in copies]
    return kept


def without_rivals(clips: Sequence[Clip], refused: Failures) -> list[Clip]:
    """Return the clips that alone stand for their cage and frames; of rivals none is taken."""
    kept = []
    for rivals in _grouped(clips, lambda clip: (clip.name.date, clip.name.video_id, clip.part)):
        if len(rivals) == 1:
            kept += rivals
            continue
        reason = (
            "{} is of the same recording, position and frames as {}, but another video; one cage "
            "can't be two: rename or leave out those that are wrong"
        )
        refused += [_refusal(clip, reason, rivals) for clip in rivals]
    return kept


def without_known(
    clips: Sequence[Clip], others: Sequence[Recording], refused: Failures
) -> list[Clip]:
    """Return the clips that share neither content nor place with another row of the table."""
    contents = {row.sha256: row for row in others}
    places = {(row.date, row.name_id): row for row in others}
    kept = []
    for clip in clips:
        place = clip.name.date, f"{clip.name.video_id}-{clip.part}"
        known = contents.get(clip.facts.sha256) or places.get(place)
        if known is None:
            kept.append(clip)
            continue
        what = (
            "video" if clip.facts.sha256 == known.sha256 else "date, VideoID, position and frames"
        )
        reason = (
            f"{clip.path} has the {what} of recording '{known.recording_id}' ({known.path}), which "
            "the table holds already; leave one of them out"
        )
        refused.append(failure(clip.path, SourceError(reason)))
    return kept


def _grouped(clips: Sequence[Clip], key: Callable[[Clip], Hashable]) -> list[list[Clip]]:
    groups: dict[Hashable, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(key(clip), []).append(clip)
    return list(groups.values())


def _refusal(clip: Clip, reason: str, group: Sequence[Clip]) -> dict[str, object]:
    others = ", ".join(str(other.path) for other in group if other is not clip)
    return failure(clip.path, SourceError(reason.format(clip.path, others)))

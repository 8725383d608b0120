"""Recordings are seen as curated clips are, however long; what is finished is not done again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import curate
from rodepil.data.sources import recordings_from_files
from rodepil.detect.localize import Told, Tools, Where, localize_recordings
from rodepil.errors import SettingError, SourceError
from rodepil.io import tables
from rodepil.io.progress import Advance
from rodepil.models.sequence import sequence_view
from rodepil.store import FeatureStore, Manifest
from tests.detect.localize.conftest import CURATE, SEQUENCE

Film = Callable[..., Path]
FOUND = ["start_s", "end_s", "label", "score"]


class Untouchable:
    """Stands for a network that must not be asked."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the extractor was asked again, for {name}")


def through_the_store(
    video: Path, folder: Path, project: Path, tools: Tools, settings: CurateSettings
) -> pa.Table:
    """Find events the long way: curation of the whole frame, the store's view, the localizer."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    recordings = recordings_from_files([video], raw).recordings
    (row,) = recordings.to_pylist()
    box = {"x_px": 0, "y_px": 0, "width_px": row["width_px"], "height_px": row["height_px"]}
    cage = {"recording_id": row["recording_id"], "position": 0, "subject_id": "a", **box}
    for name, made in (("recordings", None), ("cages", [cage]), ("annotations", [])):
        table = recordings if made is None else tables.from_rows(name, made)
        tables.write(name, table, raw / f"{name}.parquet")
    clips = curate(raw, settings, folder / "clips", folder / "clips.parquet", processes=1).clips
    assert clips.column("kept").to_pylist() == [True]
    view = sequence_view(SEQUENCE, project)
    store = FeatureStore(folder / "store")
    store.materialize([view], Manifest(clips, folder), processes=1)
    (clip,) = clips.to_pylist()
    (stored,) = store.rows("sequence", [clip["clip_id"]])
    return tools.localizer.find([stored["sequence"]], [clip["duration_s"]], [("v", 0, "a")])


def test_a_video_of_one_clip_gives_what_curation_and_store_give(
    tmp_path: Path, project: Path, tools: Tools, make_film: Film
) -> None:
    video = make_film("v.mp4", 50)  # 2 s at another rate than the clips'
    wanted = through_the_store(video, tmp_path / "long", project, tools, CURATE)
    found = localize_recordings([video], tools, tmp_path / "out", curate=CURATE)
    assert found.events.num_rows > 10
    assert found.events.select(FOUND).to_pylist() == wanted.select(FOUND).to_pylist()


def test_windows_run_on_from_piece_to_piece(
    tmp_path: Path, project: Path, tools: Tools, make_film: Film
) -> None:
    """Four pieces of 2 s, the last one short, are one clip of 6.8 s where no codec loses any."""
    video = make_film("v.mp4", 170)
    lossless = CURATE.model_copy(update={"codec": "ffv1"})
    whole = lossless.model_copy(update={"clip_duration_s": 6.8})
    wanted = through_the_store(video, tmp_path / "long", project, tools, whole)
    found = localize_recordings([video], tools, tmp_path / "out", curate=lossless)
    assert found.videos[0].duration_s == pytest.approx(6.8)
    assert found.events.select(FOUND).to_pylist() == wanted.select(FOUND).to_pylist()


def test_every_box_is_seen_as_if_it_were_alone(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    video = make_film("three.mp4", 60, wide=3)
    boxes = tuple((64 * place, 0, 64, 64) for place in range(3))
    together = localize_recordings(
        [video], tools, tmp_path / "all", where=Where(boxes=boxes), curate=CURATE
    )
    events = together.events.to_pylist()
    assert sorted({row["position"] for row in events}) == [0, 1, 2]
    for place, box in enumerate(boxes):
        where = Where(boxes=(box,))
        alone = localize_recordings(
            [video], tools, tmp_path / f"{place}", where=where, curate=CURATE
        )
        mine = [[row[name] for name in FOUND] for row in events if row["position"] == place]
        assert mine == [[row[name] for name in FOUND] for row in alone.events.to_pylist()]


def test_a_finished_video_is_not_looked_through_again(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    video, out = make_film("v.mp4", 50), tmp_path / "out"
    first = localize_recordings([video], tools, out, curate=CURATE)
    again = replace(tools, extract=Untouchable())  # type: ignore[arg-type]
    (tmp_path / "moved").mkdir()
    moved = video.rename(tmp_path / "moved" / "v.mp4")
    second = localize_recordings([moved], again, out, curate=CURATE)
    assert second.events.equals(first.events)
    assert second.videos == (replace(first.videos[0], path=str(moved)),)


@pytest.mark.parametrize("change", ["content", "box", "quantizer"])
def test_what_events_depend_on_makes_a_part_anew(
    tmp_path: Path, tools: Tools, make_film: Film, change: str
) -> None:
    out = tmp_path / "out"
    localize_recordings([make_film("v.mp4", 50)], tools, out, curate=CURATE)
    video = make_film("v.mp4", 50, seed=5) if change == "content" else tmp_path / "v.mp4"
    where = Where(boxes=((0, 0, 48, 48),)) if change == "box" else None
    curate_now = CURATE.model_copy(update={"qp": 30}) if change == "quantizer" else CURATE
    again = replace(tools, extract=Untouchable())  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="asked again"):
        localize_recordings([video], again, out, where=where, curate=curate_now)


def test_an_interrupt_keeps_what_is_finished_and_leaves_no_features(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    videos = [make_film("a.mp4", 50), make_film("b.mp4", 60, seed=1)]
    out = tmp_path / "out"
    wanted = localize_recordings(videos, tools, tmp_path / "straight", curate=CURATE)

    class Impatient:
        """Progress of someone who stops the second video at its first piece."""

        def task(self, name: str, total: float, unit: str) -> AbstractContextManager[Advance]:
            del name, total, unit
            told: list[float] = []

            def advance(amount: float) -> None:
                told.append(amount)
                if sum(told) > 2.0:
                    raise KeyboardInterrupt

            return nullcontext(advance)

    with pytest.raises(KeyboardInterrupt):
        localize_recordings(videos, tools, out, curate=CURATE, progress=Impatient())
    assert [path.suffix for path in (out / ".parts").iterdir() if path.name != "lock"] == [
        ".parquet"
    ]
    killed = out / ".parts" / "features-killed"
    killed.mkdir()
    again = localize_recordings(videos, tools, out, curate=CURATE)
    assert again.events.equals(wanted.events)
    assert not killed.exists()


def test_progress_comes_to_the_length_of_the_videos(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    seen: dict[str, object] = {"done": 0.0}

    class Counting:
        def task(self, name: str, total: float, unit: str) -> AbstractContextManager[Advance]:
            seen.update(name=name, total=total, unit=unit)
            return nullcontext(lambda amount: seen.update(done=float(str(seen["done"])) + amount))

    videos = [make_film("a.mp4", 50), make_film("b.mp4", 40)]
    localize_recordings(videos, tools, tmp_path / "out", curate=CURATE, progress=Counting())
    assert seen["total"] == pytest.approx(50 / 25 + 40 / 25)
    assert seen["done"] == pytest.approx(seen["total"])
    assert seen["unit"] == "s"


def test_one_bad_video_is_told_and_the_others_go_on(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    good, short = make_film("good.mp4", 50), make_film("short.mp4", 8)
    words = tmp_path / "words.avi"
    words.write_bytes(b"this is no video")
    found = localize_recordings(
        [short, words, good, tmp_path / "gone.mp4"], tools, tmp_path / "out", curate=CURATE
    )
    assert [video.recording_id for video in found.videos] == ["good"]
    reasons = {Path(path).name: reason for path, reason in found.failed}
    assert list(reasons) == ["short.mp4", "words.avi", "gone.mp4"]
    assert "0.32 s, less than one window of 16 frames at 30 a second" in reasons["short.mp4"]


def test_no_video_that_can_be_looked_through_is_an_error_with_all_reasons(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    videos = [make_film("a.mp4", 8), tmp_path / "gone.mp4"]
    with pytest.raises(SourceError, match=r"(?s)a\.mp4.*less than one window.*gone\.mp4"):
        localize_recordings(videos, tools, tmp_path / "out", curate=CURATE)


def test_an_output_that_cant_be_written_is_told_before_any_work(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    again = replace(tools, extract=Untouchable())  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="can't be written"):
        localize_recordings([make_film("v.mp4", 50)], again, tmp_path / "out", curate=CURATE)


def test_a_unit_that_the_model_does_not_know_is_refused(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    with pytest.raises(SettingError, match="no 'raring'; did you mean 'rearing'"):
        localize_recordings(
            [make_film("v.mp4", 50)], tools, tmp_path / "out", told=Told(labels=("raring",))
        )


def test_videos_of_one_name_are_told_apart_by_content(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    videos = [make_film("a/v.mp4", 50), make_film("b/v.mp4", 50, seed=4)]
    one = localize_recordings(videos, tools, tmp_path / "out", curate=CURATE)
    names = [video.recording_id for video in one.videos]
    assert len(set(names)) == 2
    assert all(name.startswith("v-") for name in names)
    other = localize_recordings(videos[::-1], tools, tmp_path / "out", curate=CURATE)
    assert [video.recording_id for video in other.videos] == names[::-1]


def test_an_animal_that_the_model_learned_from_is_told(
    tmp_path: Path, tools: Tools, make_film: Film
) -> None:
    video, sheet = make_film("v.mp4", 50), tmp_path / "cages.csv"
    sheet.write_text(
        "recording,position,subject,x,y,width,height\nv,0,70-1,0,0,64,64\n", encoding="utf-8"
    )
    known = tools.localizer.card.model_copy(update={"learned_from": ("70-1", "70-2")})
    again = replace(tools, localizer=replace(tools.localizer, card=known))
    for one, told in ((tools, False), (again, True)):
        where = Where(sheet=sheet)
        found = localize_recordings([video], one, tmp_path / "out", where=where, curate=CURATE)
        notes = " ".join(found.about["notes"])
        assert ("the model learned from 70-1: what it finds of them is no test" in notes) == told

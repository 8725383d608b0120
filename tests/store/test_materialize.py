from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from rodepil.errors import FeatureError, TableError
from rodepil.io import tables
from rodepil.io.progress import Advance
from rodepil.store.features import FeatureStore
from rodepil.store.views import FrameView

VIEW = FrameView(frames=4, size_px=32)
Contents = Callable[[Path], dict[str, bytes]]


class Untouchable(FrameView):
    """The same view, whose decoder must not be called."""

    def decode(self, path: Path, n_frames: int | None = None) -> npt.NDArray[np.uint8]:
        raise AssertionError(f"{path} was decoded for {n_frames} frames")


class Witnessed(FrameView):
    """The same view, which remembers what it decoded."""

    decoded: ClassVar[list[str]] = []

    def decode(self, path: Path, n_frames: int | None = None) -> npt.NDArray[np.uint8]:
        self.decoded.append(path.stem)
        return super().decode(path, n_frames)


class Counted:
    """Progress that adds up."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, float, str]] = []
        self.done = 0.0

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        self.tasks.append((name, total, unit))

        def advance(amount: float) -> None:
            self.done += amount

        yield advance


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store", shard_clips=4)


def reference(video: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What VIEW makes of a lossless clip, by OpenCV alone."""
    chosen = [video[int((i + 0.5) * len(video) / 4)] for i in range(4)]
    resized = [cv2.resize(frame, (32, 32), interpolation=cv2.INTER_AREA) for frame in chosen]
    return np.stack(resized).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_kept_clip_is_stored_as_it_is(
    folder: Any, store: FeatureStore, processes: int
) -> None:
    folder.rows["c003"]["kept"] = False
    progress = Counted()
    summary = store.materialize(
        VIEW, folder.clips, folder.root, progress=progress, processes=processes
    )
    assert (summary.computed, summary.reused, summary.failures.num_rows) == (15, 0, 0)
    assert summary.features.schema.equals(tables.schema("features"))
    ids = [clip_id for clip_id in folder.rows if clip_id != "c003"]
    assert summary.features.column("clip_id").to_pylist() == ids
    assert (progress.tasks, progress.done) == ([("features: frames", 15, "clips")], 15)
    for clip_id, got in zip(ids, store.read(VIEW, summary.features, ids), strict=True):
        assert np.array_equal(got, reference(folder.videos[clip_id]))


def test_what_is_stored_is_neither_decoded_nor_looked_at_again(
    folder: Any, store: FeatureStore
) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    shutil.rmtree(folder.root / "clips")
    untouchable = Untouchable(frames=4, size_px=32)
    again = store.materialize(untouchable, folder.clips, folder.root, processes=1)
    assert (again.computed, again.reused) == (0, 16)
    assert again.features.equals(first.features)


def test_a_decoder_that_raises_ends_the_run_when_something_is_to_do(
    folder: Any, store: FeatureStore
) -> None:
    with pytest.raises(FeatureError, match=r"could not be made.*was decoded"):
        store.materialize(Untouchable(frames=4, size_px=32), folder.clips, folder.root, processes=1)


def test_one_changed_clip_recomputes_one_clip(
    folder: Any, store: FeatureStore, contents: Contents
) -> None:
    store.materialize(VIEW, folder.clips, folder.root, processes=1)
    before = contents(store.folder)
    folder.add(5, 255 - folder.videos["c005"])
    Witnessed.decoded.clear()
    witnessed = Witnessed(frames=4, size_px=32)
    summary = store.materialize(witnessed, folder.clips, folder.root, processes=1)
    assert Witnessed.decoded == ["c005"]
    assert (summary.computed, summary.reused) == (1, 15)
    (got,) = store.read(VIEW, summary.features, ["c005"])
    assert np.array_equal(got, reference(folder.videos["c005"]))
    assert before.items() <= contents(store.folder).items()


def test_a_changed_setting_leaves_the_other_view_alone(
    folder: Any, store: FeatureStore, contents: Contents
) -> None:
    store.materialize(VIEW, folder.clips, folder.root, processes=1)
    before = contents(store.folder)
    other = FrameView(frames=2, size_px=32)
    summary = store.materialize(other, folder.clips, folder.root, processes=1)
    assert summary.computed == 16
    assert before.items() <= contents(store.folder).items()


def test_the_store_does_not_depend_on_the_order_of_rows(
    folder: Any, store: FeatureStore, tmp_path: Path, contents: Contents
) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    other = FeatureStore(tmp_path / "other", shard_clips=4)
    backwards = folder.clips.take(list(range(15, -1, -1)))
    second = other.materialize(VIEW, backwards, folder.root, processes=2)
    assert contents(other.folder) == contents(store.folder)
    assert second.features.equals(first.features)


def test_clips_of_the_same_bytes_share_a_feature(folder: Any, store: FeatureStore) -> None:
    folder.rows["c900"] = folder.rows["c004"] | {"clip_id": "c900"}
    Witnessed.decoded.clear()
    witnessed = Witnessed(frames=4, size_px=32)
    summary = store.materialize(witnessed, folder.clips, folder.root, processes=1)
    assert Witnessed.decoded.count("c004") == 1
    assert summary.computed == 17
    one, two = store.read(VIEW, summary.features, ["c004", "c900"])
    assert np.array_equal(one, two)


def test_a_bad_clip_leaves_a_row_and_the_rest_goes_on(folder: Any, store: FeatureStore) -> None:
    clips = folder.root / "clips"
    (clips / "c001.avi").write_bytes(b"garbage" * 999)
    folder.sign("c001")
    folder.rows["c002"]["n_frames"] = 31
    (clips / "c006.avi").unlink()
    (clips / "c007.avi").write_bytes((clips / "c008.avi").read_bytes())
    whole = (clips / "c009.avi").read_bytes()
    (clips / "c009.avi").write_bytes(whole[: len(whole) // 2])
    folder.sign("c009")
    summary = store.materialize(VIEW, folder.clips, folder.root, processes=2)
    assert (summary.computed, summary.reused) == (11, 0)
    failures = {row["item"]: (row["error"], row["message"]) for row in summary.failures.to_pylist()}
    assert {item: error for item, (error, _) in failures.items()} == {
        "clips/c001.avi": "VideoError",
        "clips/c002.avi": "FeatureError",
        "clips/c006.avi": "FeatureError",
        "clips/c007.avi": "FeatureError",
        "clips/c009.avi": "VideoError",
    }
    assert "decodes to 30 frames, wanted 31" in failures["clips/c002.avi"][1]
    assert "is not there; run 'rodepil curate'" in failures["clips/c006.avi"][1]
    assert "has changed since it was curated" in failures["clips/c007.avi"][1]
    assert "c009.avi can't be decoded" in failures["clips/c009.avi"][1]
    assert "11 computed, 0 reused, 5 clips failed\n  clips/c001.avi: " in str(summary)
    folder.add(1, folder.videos["c001"])
    mended = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    assert (mended.computed, mended.reused, mended.failures.num_rows) == (1, 11, 4)


def test_a_kept_clip_without_a_digest_is_refused(folder: Any, store: FeatureStore) -> None:
    folder.rows["c002"]["sha256"] = None
    with pytest.raises(FeatureError, match=r"1 kept clips have no path or no sha256.*c002"):
        store.materialize(VIEW, folder.clips, folder.root, processes=1)


def test_no_clips_make_an_empty_snapshot(folder: Any, store: FeatureStore) -> None:
    summary = store.materialize(VIEW, folder.clips.slice(0, 0), folder.root)
    assert (summary.features.num_rows, summary.computed, summary.reused) == (0, 0, 0)
    assert not store.folder.exists()


def test_a_store_that_can_not_be_written_ends_the_run_with_the_remedy(
    folder: Any, tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    store = FeatureStore(tmp_path / "store")
    with pytest.raises(FeatureError, match=r"could not be made.*disk full\?"):
        store.materialize(VIEW, folder.clips, folder.root, processes=1)


def test_deleting_the_store_loses_only_time(
    folder: Any, store: FeatureStore, contents: Contents
) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    before = contents(store.folder)
    shutil.rmtree(store.folder)
    with pytest.raises(FeatureError, match="is not in the store; run 'rodepil features mat"):
        FeatureStore(store.folder).read(VIEW, first, ["c000"])
    features = store.ensure(VIEW, first, folder.clips, folder.root, processes=1)
    assert features.equals(first)
    assert contents(store.folder) == before


def test_ensure_does_nothing_when_nothing_is_gone(folder: Any, store: FeatureStore) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    shutil.rmtree(folder.root / "clips")
    untouchable = Untouchable(frames=4, size_px=32)
    assert store.ensure(untouchable, first, folder.clips, folder.root, processes=1).equals(first)


def test_ensure_asks_for_no_more_than_the_snapshot(folder: Any, store: FeatureStore) -> None:
    (folder.root / "clips" / "c006.avi").unlink()
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    shutil.rmtree(store.folder)
    features = store.ensure(VIEW, first, folder.clips, folder.root, processes=1)
    assert features.column("clip_id").equals(first.column("clip_id"))


def test_ensure_says_which_clip_is_lost(folder: Any, store: FeatureStore) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    shutil.rmtree(store.folder)
    (folder.root / "clips" / "c006.avi").unlink()
    with pytest.raises(FeatureError, match=r"not every feature(.|\n)*1 clips failed\n.*c006\.avi"):
        store.ensure(VIEW, first, folder.clips, folder.root, processes=1)


def test_a_snapshot_stays_valid_when_its_features_come_back_in_other_shards(
    folder: Any, store: FeatureStore
) -> None:
    store.materialize(VIEW, folder.clips, folder.root, processes=1)
    folder.add(5, 255 - folder.videos["c005"])
    patched = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    shutil.rmtree(store.folder)
    rebuilt = store.ensure(VIEW, patched, folder.clips, folder.root, processes=1)
    assert not rebuilt.equals(patched)  # the changed clip no longer has a shard of its own
    ids = list(folder.rows)
    fresh = FeatureStore(store.folder)
    for clip_id, got in zip(ids, fresh.read(VIEW, patched, ids), strict=True):
        assert np.array_equal(got, reference(folder.videos[clip_id]))


def test_ensure_refuses_a_stale_snapshot(folder: Any, store: FeatureStore) -> None:
    first = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    folder.add(5, 255 - folder.videos["c005"])
    with pytest.raises(FeatureError, match=r"1 features of other clips.*clip c005; run 'rodepil"):
        store.ensure(VIEW, first, folder.clips, folder.root, processes=1)
    other = FrameView(frames=2, size_px=32)
    with pytest.raises(FeatureError, match=r"16 features.*than FrameView\(frames=2"):
        store.ensure(other, first, folder.clips, folder.root, processes=1)


def test_a_worker_may_stand_in_another_folder(
    folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = FeatureStore(Path("store"))
    root = folder.root.relative_to(tmp_path)
    summary = store.materialize(VIEW, folder.clips, root, processes=1)
    assert summary.features.num_rows == 16
    monkeypatch.chdir("/")
    assert len(store.read(VIEW, summary.features, ["c000"])) == 1


def test_a_manifest_of_another_form_is_refused(folder: Any, store: FeatureStore) -> None:
    with pytest.raises(TableError, match="missing columns"):
        store.materialize(VIEW, pa.table({"clip_id": ["c000"]}), folder.root)

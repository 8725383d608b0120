"""What a store makes, of which clips, and what it does not make again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import FeatureError, ModelError, TableError
from rodepil.io import tables
from rodepil.io.clip_frames import ClipSpan
from rodepil.io.progress import Advance
from rodepil.store import FeatureStore, Manifest, MotionView
from rodepil.store.views import Tap
from rodepil.store.views.frames import FrameView
from tests.store.conftest import VIEW, ClipFolder, Video, contents, reference

BOTH = [VIEW, MotionView(size_px=24)]


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


def pixels(store: FeatureStore, clip_id: str, view: str = "frames") -> Video:
    (row,) = store.rows(view, [clip_id])
    return row["frames"]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_kept_clip_is_stored_as_it_is(
    folder: ClipFolder, store: FeatureStore, processes: int
) -> None:
    folder.rows["c003"]["kept"] = False
    progress = Counted()
    summary = store.materialize(BOTH, folder.manifest, progress=progress, processes=processes)
    assert summary.computed == {"frames": 15, "motion": 15}
    assert (summary.reused, summary.failures.num_rows) == ({"frames": 0, "motion": 0}, 0)
    assert summary.features.schema.equals(tables.schema("features"))
    ids = [clip_id for clip_id in folder.rows if clip_id != "c003"]
    assert summary.features.column("clip_id").to_pylist() == ids * 2
    assert summary.features.column("view").to_pylist() == ["frames"] * 15 + ["motion"] * 15
    assert store.features.equals(summary.features)
    assert progress.tasks == [("features: frames, motion", 15, "clips")]
    assert progress.done == 15
    for clip_id, row in zip(ids, store.rows("frames", ids), strict=True):
        assert np.array_equal(row["frames"], reference(folder.videos[clip_id]))


def test_a_clip_is_decoded_once_for_all_views(
    folder: ClipFolder, store: FeatureStore, opened: list[str]
) -> None:
    views = [*BOTH, FrameView(frames=8, size_px=16, colour="grey", name="small")]
    store.materialize(views, folder.manifest, processes=1)
    assert sorted(opened) == sorted(folder.rows)


def test_a_view_that_is_there_is_not_made_with_one_that_is_not(
    folder: ClipFolder, store: FeatureStore
) -> None:
    store.materialize([VIEW], folder.manifest, processes=1)
    before = contents(store.place.folder)
    summary = store.materialize(BOTH, folder.manifest, processes=1)
    assert (summary.computed, summary.reused) == (
        {"frames": 0, "motion": 16},
        {"frames": 16, "motion": 0},
    )
    assert before.items() <= contents(store.place.folder).items()


def test_what_is_stored_is_neither_decoded_nor_looked_at_again(
    folder: ClipFolder, store: FeatureStore
) -> None:
    first = store.materialize(BOTH, folder.manifest, processes=1)
    shutil.rmtree(folder.root / "clips")
    again = store.materialize(BOTH, folder.manifest, processes=1)
    assert (again.computed, again.reused) == (
        {"frames": 0, "motion": 0},
        {"frames": 16, "motion": 16},
    )
    assert again.features.equals(first.features)


def test_a_view_renamed_costs_nothing(
    folder: ClipFolder, store: FeatureStore, opened: list[str]
) -> None:
    store.materialize([VIEW], folder.manifest, processes=1)
    before = contents(store.place.folder)
    opened.clear()
    renamed = FrameView(frames=4, size_px=32, name="short")
    summary = store.materialize([renamed], folder.manifest, processes=1)
    assert (summary.computed, summary.reused, opened) == ({"short": 0}, {"short": 16}, [])
    assert contents(store.place.folder) == before
    assert np.array_equal(pixels(store, "c004", "short"), pixels(store, "c004", "frames"))


def test_one_changed_clip_recomputes_one_clip(
    folder: ClipFolder, store: FeatureStore, opened: list[str]
) -> None:
    store.materialize(BOTH, folder.manifest, processes=1)
    before = contents(store.place.folder)
    folder.add(5, 255 - folder.videos["c005"])
    opened.clear()
    summary = store.materialize(BOTH, folder.manifest, processes=1)
    assert opened == ["c005"]
    assert summary.computed == {"frames": 1, "motion": 1}
    assert summary.reused == {"frames": 15, "motion": 15}
    assert np.array_equal(pixels(store, "c005"), reference(folder.videos["c005"]))
    after = contents(store.place.folder)
    assert {n: b for n, b in before.items() if n.endswith(".arrow")}.items() <= after.items()


def test_a_changed_setting_leaves_the_other_view_alone(
    folder: ClipFolder, store: FeatureStore
) -> None:
    store.materialize([VIEW], folder.manifest, processes=1)
    before = contents(store.place.folder)
    other = FrameView(frames=2, size_px=32)
    summary = store.materialize([other], folder.manifest, processes=1)
    assert summary.computed == {"frames": 16}
    assert before.items() <= contents(store.place.folder).items()


def test_a_deleted_clip_leaves_the_snapshot_and_nothing_is_made(
    folder: ClipFolder, store: FeatureStore
) -> None:
    store.materialize([VIEW], folder.manifest, processes=1)
    folder.remove("c005")
    del folder.rows["c005"]
    summary = store.materialize([VIEW], folder.manifest, processes=1)
    assert (summary.computed, summary.reused) == ({"frames": 0}, {"frames": 15})
    with pytest.raises(FeatureError, match=r"1 clips have no stored feature.*the first is c005"):
        store.read("frames", ["c004", "c005"])


def test_the_store_does_not_depend_on_the_order_of_rows(
    folder: ClipFolder, store: FeatureStore, tmp_path: Path
) -> None:
    first = store.materialize(BOTH, folder.manifest, processes=1)
    other = FeatureStore(tmp_path / "other", shard_clips=4)
    backwards = Manifest(folder.clips.take(list(range(15, -1, -1))), folder.root)
    second = other.materialize(BOTH, backwards, processes=2)
    assert contents(other.place.folder) == contents(store.place.folder)
    assert second.features.equals(first.features)


def test_clips_of_the_same_bytes_share_a_feature(folder: ClipFolder, store: FeatureStore) -> None:
    for clip_id, like in (("c900", "c004"), ("c901", "c000")):
        folder.rows[clip_id] = folder.rows[like] | {"clip_id": clip_id, "recording_id": "r9"}
    first = store.materialize([VIEW], folder.manifest, processes=2)
    assert np.array_equal(pixels(store, "c004"), pixels(store, "c900"))
    keys = first.features.filter(
        pa.compute.is_in(first.features["clip_id"], pa.array(["c000", "c901"]))
    )
    assert len(set(keys.column("key").to_pylist())) == 1
    again = FeatureStore(store.place, shard_clips=4).materialize([VIEW], folder.manifest)
    assert (again.computed, again.reused) == ({"frames": 0}, {"frames": 18})
    assert again.features.equals(first.features)


def test_a_bad_clip_leaves_a_row_and_the_rest_goes_on(
    folder: ClipFolder, store: FeatureStore
) -> None:
    clips = folder.root / "clips"
    (clips / "c001.avi").write_bytes(b"garbage" * 999)
    folder.sign("c001")
    folder.rows["c002"]["n_frames"] = 31
    folder.remove("c006")
    (clips / "c007.avi").write_bytes((clips / "c008.avi").read_bytes())
    whole = (clips / "c009.avi").read_bytes()
    (clips / "c009.avi").write_bytes(whole[: len(whole) // 2])
    folder.sign("c009")
    folder.rows["c010"]["fps"] = "1/0"
    folder.rows["c011"]["fps"] = "25"
    summary = store.materialize([VIEW], folder.manifest, processes=2)
    assert (summary.computed, summary.reused) == ({"frames": 9}, {"frames": 0})
    failures = {row["item"]: (row["error"], row["message"]) for row in summary.failures.to_pylist()}
    wanted = {
        "clips/c001.avi": ("VideoError", "c001.avi can't be opened as a video"),
        "clips/c002.avi": ("FeatureError", "decodes to 30 frames, wanted 31"),
        "clips/c006.avi": ("FeatureError", "is not there; run 'rodepil curate'"),
        "clips/c007.avi": ("FeatureError", "has changed since it was curated"),
        "clips/c009.avi": ("VideoError", "c009.avi can't be decoded"),
        "clips/c010.avi": ("FeatureError", "has a rate of 1/0"),
        "clips/c011.avi": ("VideoError", "c011.avi has 30 frames a second, wanted 25"),
    }
    assert {item: error for item, (error, _) in failures.items()} == {
        item: error for item, (error, _) in wanted.items()
    }
    assert all(wanted[item][1] in message for item, (_, message) in failures.items())
    assert "frames: 9 features, 9 computed, 0 reused\n7 clips failed\n  clips/c001" in str(summary)
    folder.add(1, folder.videos["c001"])
    mended = store.materialize([VIEW], folder.manifest, processes=1)
    assert (mended.computed, mended.reused) == ({"frames": 1}, {"frames": 9})
    assert mended.failures.num_rows == 6


def test_a_clip_that_one_view_refuses_is_in_the_others(
    folder: ClipFolder, store: FeatureStore
) -> None:
    folder.add(3, folder.videos["c003"][:5])
    pairs = FrameView(frames=2, size_px=16, pairs="native", gap=10, name="pairs")
    summary = store.materialize([VIEW, pairs], folder.manifest, processes=1)
    assert summary.computed == {"frames": 16, "pairs": 15}
    (failure,) = summary.failures.to_pylist()
    assert failure["item"] == "clips/c003.avi"
    assert "in view 'pairs': a clip of 5 frames has no two frames 10 apart" in failure["message"]
    assert np.array_equal(pixels(store, "c003"), reference(folder.videos["c003"]))
    with pytest.raises(FeatureError, match=r"no stored feature in view 'pairs'.*c003"):
        store.read("pairs", ["c003"])


class Network(FrameView):
    """A view whose network may be missing, or may fail at its first clip."""

    missing: ClassVar[bool] = False
    loaded: ClassVar[int] = 0

    def prepare(self) -> None:
        Network.loaded += 1
        if self.missing:
            raise ModelError("the network is gone")

    def tap(self, span: ClipSpan) -> Tap:
        raise ModelError(f"no room for {span.n_frames} frames on the GPU")


def test_a_view_that_never_works_costs_the_others_nothing(
    folder: ClipFolder, store: FeatureStore
) -> None:
    summary = store.materialize([VIEW, Network(name="net")], folder.manifest, processes=1)
    assert summary.computed == {"frames": 16, "net": 0}
    assert summary.features.column("view").to_pylist() == ["frames"] * 16
    assert summary.failures.num_rows == 16
    assert summary.failures.to_pylist()[0] == {
        "item": "clips/c000.avi",
        "error": "ModelError",
        "message": "clips/c000.avi in view 'net': no room for 30 frames on the GPU",
    }


class Careless(FrameView):
    """A view whose own code divides by nothing at some clips."""

    def tap(self, span: ClipSpan) -> Tap:
        return super().tap(ClipSpan(span.n_frames // (span.n_frames - 5), span.fps))


def test_a_view_whose_code_fails_at_a_clip_is_named_with_clip_and_line(
    folder: ClipFolder, store: FeatureStore
) -> None:
    folder.add(3, folder.videos["c003"][:5])
    views = [VIEW, Careless(frames=1, name="own")]
    summary = store.materialize(views, folder.manifest, processes=2)
    assert summary.computed == {"frames": 16, "own": 15}
    (failure,) = summary.failures.to_pylist()
    said = "clips/c003.avi in view 'own': Careless (kind 'frames') ended with ZeroDivisionError: "
    assert failure["message"].startswith(said)
    assert f"({__file__}:" in failure["message"]
    assert "  clips/c003.avi: in view 'own': Careless" in str(summary)


def test_what_a_view_takes_is_loaded_before_clips_are_decoded_and_only_if_it_is_wanted(
    folder: ClipFolder,
    store: FeatureStore,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Network, "loaded", 0)
    monkeypatch.setattr(Network, "missing", True)
    with pytest.raises(ModelError, match="the network is gone"):
        store.materialize([VIEW, Network(name="net")], folder.manifest, processes=1)
    assert (opened, store.place.folder.exists(), Network.loaded) == ([], False, 1)
    monkeypatch.setattr(Network, "tap", FrameView.tap)
    monkeypatch.setattr(Network, "missing", False)
    store.materialize([Network(name="net")], folder.manifest, processes=1)
    monkeypatch.setattr(Network, "missing", True)
    again = store.materialize([Network(name="net")], folder.manifest, processes=1)
    assert (again.reused, Network.loaded) == ({"net": 16}, 2)


def test_two_views_of_one_name_are_refused(folder: ClipFolder, store: FeatureStore) -> None:
    with pytest.raises(FeatureError, match=r"two views are called 'frames'"):
        store.materialize([VIEW, FrameView(frames=2)], folder.manifest)


def test_a_kept_clip_without_a_digest_is_refused(folder: ClipFolder, store: FeatureStore) -> None:
    folder.rows["c002"]["sha256"] = None
    with pytest.raises(FeatureError, match=r"1 kept clips have no path or no sha256.*c002"):
        store.materialize([VIEW], folder.manifest, processes=1)


def test_no_clips_make_an_empty_snapshot(folder: ClipFolder, store: FeatureStore) -> None:
    summary = store.materialize([VIEW], Manifest(folder.clips.slice(0, 0), folder.root))
    assert (summary.features.num_rows, summary.computed) == (0, {"frames": 0})
    assert not store.place.folder.exists()


def test_a_worker_may_stand_in_another_folder(
    folder: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = FeatureStore(Path("store"))
    manifest = Manifest(folder.clips, folder.root.relative_to(tmp_path))
    summary = store.materialize([VIEW], manifest, processes=1)
    assert summary.features.num_rows == 16
    monkeypatch.chdir("/")
    assert store.read("frames", ["c000"]).num_rows == 1


def test_a_manifest_of_another_form_is_refused(folder: ClipFolder, store: FeatureStore) -> None:
    with pytest.raises(TableError, match="missing columns"):
        store.materialize([VIEW], Manifest(pa.table({"clip_id": ["c000"]}), folder.root))

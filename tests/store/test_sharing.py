"""Several materializations at once share the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rodepil.io.progress import Advance
from rodepil.store import FeatureStore, FrameView, MaterializeSummary, MotionView, View
from rodepil.store.places import LocalPlace, Place
from rodepil.store.remote import RemotePlace
from rodepil.store.shards import folder_name
from rodepil.store.sharing import in_turn, is_made
from tests.store.conftest import ClipFolder, contents

VIEW = FrameView(frames=4, size_px=32)
VIEWS: list[View] = [VIEW, MotionView(size_px=24)]


class Once:
    """A progress that does something when the first shard is finished."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act: Callable[[], object] | None = act

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        del name, total, unit
        yield self.advance

    def advance(self, _: float) -> None:
        act, self.act = self.act, None
        if act is not None:
            act()


@pytest.mark.parametrize("kind", ["folder", "server"])
def test_what_another_makes_meanwhile_is_not_made_again(
    folder: ClipFolder,
    opened: list[str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    kind: str,
) -> None:
    def place(cache: str) -> Place:
        if kind == "folder":
            return LocalPlace(tmp_path / "store")
        bucket = request.getfixturevalue("bucket") if kind == "server" else ""
        return RemotePlace(f"s3://{bucket}/store", tmp_path / cache, 10**9)

    done: list[MaterializeSummary] = []

    def other() -> None:
        store = FeatureStore(place("b"), shard_clips=4)
        done.append(store.materialize(VIEWS, folder.manifest, processes=1))

    store = FeatureStore(place("a"), shard_clips=4)
    first = store.materialize(VIEWS, folder.manifest, progress=Once(other), processes=1)
    (second,) = done
    assert (first.computed, first.reused) == (
        {"frames": 4, "motion": 4},
        {"frames": 12, "motion": 12},
    )
    assert (second.computed, second.reused) == (
        {"frames": 12, "motion": 12},
        {"frames": 4, "motion": 4},
    )
    assert sorted(opened) == sorted(folder.rows)
    assert first.features.equals(second.features)
    if kind == "folder":
        alone = FeatureStore(tmp_path / "alone", shard_clips=4)
        alone.materialize(VIEWS, folder.manifest, processes=1)
        assert contents(tmp_path / "store") == contents(tmp_path / "alone")


def test_who_comes_second_begins_at_the_end(
    folder: ClipFolder, store: FeatureStore, opened: list[str]
) -> None:
    other = FeatureStore(store.place, shard_clips=4)
    look = Once(lambda: other.materialize([VIEW], folder.manifest, processes=1))
    store.materialize([VIEW], folder.manifest, progress=look, processes=1)
    by_time = [row["clip_id"] for row in sorted(
        folder.rows.values(), key=lambda row: (row["recording_id"], row["start_frame"])
    )]  # fmt: skip
    groups = [by_time[start : start + 4] for start in range(0, 16, 4)]
    assert opened == [*groups[0], *groups[3], *groups[2], *groups[1]]


def test_each_of_many_begins_elsewhere() -> None:
    orders = [in_turn("abcdef", others) for others in range(4)]
    assert list(map("".join, orders)) == ["abcdef", "fedcba", "defabc", "cbafed"]


def test_a_shard_that_is_cut_short_or_holds_others_is_made(
    folder: ClipFolder, store: FeatureStore, tmp_path: Path
) -> None:
    rows = store.materialize([VIEW], folder.manifest, processes=1).features.to_pylist()
    name = rows[0]["shard"]
    assert name.startswith(folder_name(VIEW))
    keys = [row["key"] for row in rows if row["shard"] == name]
    assert is_made(store.place, name, keys)
    assert not is_made(store.place, name, keys[:-1])
    assert not is_made(store.place, f"{name}x", keys)
    path = tmp_path / "store" / name
    path.write_bytes(path.read_bytes()[:-20])
    assert not is_made(store.place, name, keys)

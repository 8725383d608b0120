"""Who adds to a folder is seen by everybody, and by nobody once it has ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from rodepil.errors import FeatureError
from rodepil.io.progress import Advance
from rodepil.store import FeatureStore, FrameView, Manifest, MotionView
from rodepil.store.lease import is_leased, lease
from rodepil.store.places import LocalPlace, Place
from rodepil.store.remote import RemotePlace
from rodepil.store.shards import folder_name
from tests.store.conftest import ClipFolder

VIEW = FrameView(frames=4, size_px=48)


@pytest.fixture(params=["folder", "server"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Place]:
    """Return one store as two processes see it."""
    if request.param == "folder":
        return LocalPlace(tmp_path / "store"), LocalPlace(tmp_path / "store")
    url = f"s3://{request.getfixturevalue('bucket')}/store"
    one, other = (RemotePlace(url, tmp_path / name, 10**9) for name in ("one", "other"))
    return one, other


def test_a_lease_is_seen_while_it_is_held(two: tuple[Place, Place]) -> None:
    mine, theirs = two
    assert not is_leased(theirs, "v", time.time())
    with lease(mine, ["v", "w"]), lease(mine, ["v"]):
        assert is_leased(theirs, "v", time.time())
        assert is_leased(theirs, "w", time.time())
        assert not is_leased(theirs, "x", time.time())
        assert len(theirs.hidden("v")) == 2
        assert theirs.files("v") == {}
        assert not is_leased(theirs, "v", time.time() + 4000)
    assert theirs.hidden("v") == theirs.hidden("w") == []


def test_a_lease_ends_with_an_error_too(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path)
    with pytest.raises(KeyError), lease(place, ["v"]):
        raise KeyError
    assert place.hidden("v") == []


def test_a_lease_is_renewed_once_a_minute(tmp_path: Path) -> None:
    place, now = LocalPlace(tmp_path), [0.0]
    with lease(place, ["v"], clock=lambda: now[0]) as renew:
        (path,) = (tmp_path / "v").iterdir()
        for now[0], renewed in ((59, False), (60, True), (100, False), (120, True)):
            os.utime(path, (0, 0))
            renew()
            assert (path.stat().st_mtime > 0) is renewed


def test_no_folders_are_held_without_writing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with lease(LocalPlace(tmp_path / "file"), []) as renew:
        renew()
    with (
        pytest.raises(FeatureError, match="can't be written"),
        lease(LocalPlace(tmp_path / "file"), ["v"]),
    ):
        pass


class Looking:
    """Progress that calls something at every finished shard."""

    def __init__(self, look: Callable[[], object]) -> None:
        self.look = look
        self.seen: list[object] = []

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        del name, total, unit
        yield lambda _: self.seen.append(self.look())


def test_who_materializes_holds_the_folders_of_all_views(
    folder: ClipFolder, store: FeatureStore
) -> None:
    views = [VIEW, MotionView(size_px=24)]
    store.materialize([VIEW], folder.manifest, processes=1)
    names = [folder_name(view) for view in views]
    looking = Looking(lambda: [is_leased(store.place, name, time.time()) for name in names])
    store.materialize(views, folder.manifest, progress=looking, processes=1)
    assert looking.seen == [[True, True]] * 4
    assert [store.place.hidden(name) for name in names] == [[], []]


def test_what_is_removed_while_other_features_are_made_is_missed_aloud(
    folder: ClipFolder, store: FeatureStore
) -> None:
    first = folder.clips.filter(pc.field("recording_id") == "r0")  # six clips, in two shards
    store.materialize([VIEW], Manifest(first, folder.root), processes=1)
    before = store.features
    shards = {
        Path(str(store.place)) / name for name in before.column("shard").to_pylist()
    }  # of six clips four are in the first shard
    gone = max(shards, key=lambda path: path.stat().st_size)
    removing = Looking(lambda: gone.unlink(missing_ok=True))
    with pytest.raises(
        FeatureError, match=r"4 features were removed while .* is of clip c000; run"
    ):
        store.materialize([VIEW], folder.manifest, progress=removing, processes=1)
    assert store.features.equals(before)
    again = store.materialize([VIEW], folder.manifest, processes=1)
    assert again.computed == {"frames": 4}
    for clip_id, row in zip(folder.rows, store.rows("frames", folder.rows), strict=True):
        pixels = folder.videos[clip_id][[3, 11, 18, 26]].transpose(0, 3, 1, 2)
        assert np.array_equal(row["frames"], pixels)

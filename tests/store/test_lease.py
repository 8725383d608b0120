"""Who adds to a folder is seen by everybody, and by nobody once it has ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rodepil.errors import FeatureError
from rodepil.store.lease import is_leased, lease
from rodepil.store.places import LocalPlace, Place
from rodepil.store.remote import RemotePlace


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

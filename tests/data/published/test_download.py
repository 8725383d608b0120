"""A download goes on where it broke off, is checked, and appears whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime
from pathlib import Path

import pytest

from rodepil.data.published.download import download
from rodepil.data.published.http import Http
from rodepil.data.published.zenodo import read_record
from rodepil.errors import DownloadError
from tests.data.published.conftest import RECORD, Fault, Server, content

SIZE = 700_000
SLACK = 1 << 16
"""What may be sent twice when a connection breaks: the piece that was not whole."""

KEY = "clips ž.zip"


@pytest.fixture
def data(server: Server) -> bytes:
    """Return the content of the record's one file."""
    server.files[KEY] = content(SIZE)
    return server.files[KEY]


class Place:
    """Where the file goes, and what was told of the way."""

    def __init__(self, folder: Path, parts: Path, server: Server, http: Http) -> None:
        self.folder, self.parts, self.server, self.http = folder, parts, server, http
        self.advanced = 0.0

    def fetch(self) -> Path:
        (file,) = read_record(self.http, self.server.url, RECORD).files
        return download(file, self.folder, self.parts, self.http, self.advance)

    def advance(self, amount: float) -> None:
        self.advanced += amount

    def ranges(self) -> list[str | None]:
        return [wanted for path, wanted in self.server.asked if path.endswith("/content")]


@pytest.fixture
def place(tmp_path: Path, parts: Path, server: Server, http: Http) -> Place:
    return Place(tmp_path / "downloads", parts, server, http)


def test_a_file_comes_whole_and_leaves_nothing_beside_it(place: Place, data: bytes):
    assert place.fetch().read_bytes() == data
    assert [path.name for path in place.folder.iterdir()] == [KEY]
    assert list(place.parts.iterdir()) == []
    assert place.advanced == SIZE


def test_what_stands_with_the_right_checksum_is_not_fetched_again(place: Place, data: bytes):
    place.fetch()
    place.fetch()
    assert place.server.sent[KEY] == len(data)


def test_what_stands_with_a_wrong_checksum_is_replaced(place: Place, data: bytes):
    place.folder.mkdir()
    (place.folder / KEY).write_bytes(data[:-1] + b"x")
    assert place.fetch().read_bytes() == data


def test_a_download_that_breaks_off_goes_on_from_there(place: Place, data: bytes):
    place.server.faults[KEY] = [Fault(break_after=500_000), Fault(break_after=100_000)]
    assert place.fetch().read_bytes() == data
    first, second, third = place.ranges()
    assert first is None
    for wanted, reached in ((second, 500_000), (third, 600_000)):
        assert wanted is not None
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        assert reached - 2 * SLACK <= start <= reached
    assert place.server.sent[KEY] <= SIZE + 2 * SLACK
    assert place.advanced == SIZE


def test_another_process_goes_on_where_one_was_stopped(place: Place, data: bytes, http: Http):
    class StoppedError(Exception):
        pass

    def stop(amount: float) -> None:
        if amount and place.parts.exists() and sum(map(_size, place.parts.iterdir())) > 300_000:
            raise StoppedError

    (file,) = read_record(http, place.server.url, RECORD).files
    with pytest.raises(StoppedError):
        download(file, place.folder, place.parts, http, stop)
    assert place.fetch().read_bytes() == data
    wanted = place.ranges()[-1]
    assert wanted is not None
    assert int(wanted.removeprefix("bytes=").rstrip("-")) > 300_000


def _size(path: Path) -> int:
    return path.stat().st_size


def test_a_server_that_ignores_ranges_is_taken_from_the_start(place: Place, data: bytes):
    place.server.ranges = False
    place.server.faults[KEY] = [Fault(break_after=500_000)]
    assert place.fetch().read_bytes() == data
    assert place.advanced == SIZE


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_that_changes_between_tries_is_begun_again(
    place: Place, data: bytes, *, etags: bool
):
    other = content(SIZE, seed=1)
    place.server.etags = etags
    place.server.files[KEY] = other
    place.server.checksums[KEY] = f"md5:{hashlib.md5(data).hexdigest()}"  # noqa: S324
    place.server.faults[KEY] = [Fault(break_after=500_000)]

    def change(path: str) -> None:
        if place.server.sent.get(KEY) and path.endswith("/content"):
            place.server.files[KEY] = data

    place.server.before_answer = change
    assert place.fetch().read_bytes() == data
    assert place.advanced == SIZE


def test_a_part_longer_than_the_file_is_begun_again(place: Place, data: bytes):
    place.server.faults[KEY] = [Fault(break_after=500_000), Fault(status=416)]
    assert place.fetch().read_bytes() == data
    assert place.ranges()[-1] is None


def test_a_wrong_checksum_is_an_error_that_names_both_and_publishes_nothing(
    place: Place, data: bytes
):
    place.server.checksums[KEY] = "md5:" + "0" * 32
    found = hashlib.md5(data).hexdigest()  # noqa: S324
    with pytest.raises(DownloadError, match=f"its md5 is {found}, the record says 0{{32}}"):
        place.fetch()
    assert not list(place.folder.glob("*"))
    assert place.server.sent[KEY] == 2 * SIZE


def test_a_sha256_is_checked_as_well(place: Place, data: bytes):
    place.server.checksums[KEY] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert place.fetch().read_bytes() == data
    (place.folder / KEY).unlink()
    place.server.checksums[KEY] = f"sha256:{'0' * 64}"
    with pytest.raises(DownloadError, match="its sha256 is"):
        place.fetch()


def test_a_silent_server_is_asked_again(place: Place, data: bytes, pauses: list[float]):
    place.server.faults[KEY] = [Fault(silent_s=0.8)]
    assert place.fetch().read_bytes() == data
    assert pauses == [1.0]


def test_a_faulty_server_is_asked_again_and_given_up_in_the_end(
    place: Place, data: bytes, pauses: list[float]
):
    place.server.faults[KEY] = [Fault(status=500), Fault(status=502)]
    assert place.fetch().read_bytes() == data
    assert pauses == [1.0, 2.0]
    (place.folder / KEY).unlink()
    place.server.faults[KEY] = [Fault(status=503)] * 3
    with pytest.raises(DownloadError, match=r"answers 503 \(3 tries\)\. Run the same command"):
        place.fetch()


def test_tries_are_counted_anew_after_progress(place: Place, data: bytes):
    # Seven answers break off, more than the three tries in a row that may fail.
    place.server.faults[KEY] = [Fault(break_after=SLACK + SLACK // 2)] * 7
    assert place.fetch().read_bytes() == data
    assert len(place.ranges()) >= 7


def test_a_pause_that_the_server_asks_for_is_kept(place: Place, data: bytes, pauses: list[float]):
    soon = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30), usegmt=True)
    place.server.faults[KEY] = [
        Fault(status=429, headers={"Retry-After": "17"}),
        Fault(status=503, headers={"Retry-After": soon}),
    ]
    assert place.fetch().read_bytes() == data
    assert pauses[0] == 17.0
    assert 20.0 < pauses[1] <= 30.0


def test_a_pause_until_a_time_of_no_zone_is_in_universal_time(
    place: Place, data: bytes, pauses: list[float]
):
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S")
    place.server.faults[KEY] = [Fault(status=503, headers={"Retry-After": f"{soon} -0000"})]
    assert place.fetch().read_bytes() == data
    assert 20.0 < pauses[0] <= 30.0


def test_a_pause_that_is_too_long_is_cut(place: Place, data: bytes, pauses: list[float]):
    place.server.faults[KEY] = [Fault(status=429, headers={"Retry-After": "86400"})]
    assert place.fetch().read_bytes() == data
    assert pauses == [60.0]


def test_a_missing_file_is_not_asked_for_twice(place: Place, data: bytes):
    assert data
    place.server.faults[KEY] = [Fault(status=404)]
    with pytest.raises(DownloadError, match="status 404; no such record or file"):
        place.fetch()
    assert len(place.ranges()) == 1


def test_an_empty_file_is_fetched(place: Place):
    place.server.files[KEY] = b""
    assert place.fetch().read_bytes() == b""

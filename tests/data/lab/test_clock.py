"""The wall clock is read where it stands once and is a time; else a file has none, with reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from pydantic import ValidationError

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.clock import clock_of
from rodepil.data.lab.facts import Facts
from rodepil.data.lab.register import probe_many
from tests.data.lab.conftest import Film, write_film


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Return what is known of a small video."""
    path = write_film(tmp_path_factory.mktemp("clock") / "a.mp4", 5)
    return probe_many([path]).facts[0]


@pytest.mark.parametrize(
    ("pattern", "stem", "wanted", "rest"),
    [
        ("%Y%m%d_%H%M%S", "20190201_180005", (2019, 2, 1, 18, 0, 5), ""),
        ("%Y%m%d_%H%M%S", "cam 3_20190201_180005_b", (2019, 2, 1, 18, 0, 5), "cam 3-b"),
        ("%Y%m%d_%H%M%S", "99999999_999999 20190201_180005", (2019, 2, 1, 18, 0, 5), None),
        ("%Y-%m-%dT%H.%M", "Käfig 2020-02-29T06.07", (2020, 2, 29, 6, 7, 0), "Käfig"),
        ("%b-%d-%Y_%H-%M", "Feb-1-2019_6-05", (2019, 2, 1, 6, 5, 0), ""),
        ("%d%m%y%H%M%S", "ch4_010219180005", (2019, 2, 1, 18, 0, 5), "ch4"),
        ("%Y-%m-%d %I.%M.%S %p", "2019-02-01 06.00.05 PM", (2019, 2, 1, 18, 0, 5), ""),
        ("%Y-%j-%H", "2019-032-18", (2019, 2, 1, 18, 0, 0), ""),
    ],
)
def test_the_name_tells_the_clock(
    facts: Facts, pattern: str, stem: str, wanted: tuple[int, ...], rest: str | None
):
    clock = clock_of(facts, stem, RecordingImportSettings(clock="name", name_pattern=pattern))
    assert clock.starts_at == dt.datetime(*wanted)  # type: ignore[arg-type]  # noqa: DTZ001 - a wall clock
    assert clock.problem is None
    assert rest is None or clock.rest == rest


@pytest.mark.parametrize(
    ("stem", "says"),
    [
        ("cam3", "fits nowhere"),
        ("20190231_180005", "fits nowhere"),  # no such day
        ("20190201_250000", "fits nowhere"),
        ("120190201_180005", "fits nowhere"),  # part of a longer number
        ("20190201_1800055", "fits nowhere"),
        ("20190201_180005-20190201_190005", "fits 2 times"),
    ],
)
def test_a_name_without_one_clear_time_gives_none_and_says_why(facts: Facts, stem: str, says: str):
    clock = clock_of(facts, stem, RecordingImportSettings(clock="name"))
    assert clock.starts_at is None
    assert clock.rest == stem
    assert says in str(clock.problem)
    assert "set name_pattern" in str(clock.problem)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_the_container_tells_the_clock_as_it_stands_or_in_the_labs_zone(film: Film, name: str):
    told = {"creation_time": "2019-07-01T23:30:05.000000Z"}
    (facts,) = probe_many([film(name, 5, metadata=told)]).facts
    plain = clock_of(facts, "a", RecordingImportSettings(clock="metadata"))
    assert str(plain.starts_at) == "2019-07-01 23:30:05"
    there = RecordingImportSettings(clock="metadata", metadata_zone="Europe/Rome")
    assert str(clock_of(facts, "a", there).starts_at) == "2019-07-02 01:30:05"


@pytest.mark.parametrize(
    ("created", "says"),
    [
        (None, "does not say when"),
        ("1970-01-01T00:00:00.000000Z", "no day with a time"),  # a counter never set
        ("1904-01-01T00:00:00Z", "no day with a time"),
        ("2019-02-01", "no day with a time"),
        ("yesterday", "'yesterday' is no day"),
    ],
)
def test_a_container_without_a_time_gives_none_and_says_why(
    facts: Facts, created: str | None, says: str
):
    settings = RecordingImportSettings(clock="metadata")
    clock = clock_of(replace(facts, created=created), "a", settings)
    assert clock.starts_at is None
    assert says in str(clock.problem)


def test_a_phones_own_time_with_its_zone_is_kept_as_it_stands(facts: Facts):
    told = replace(facts, created="2019-02-01T18:00:05+0100")
    clock = clock_of(told, "a", RecordingImportSettings(clock="metadata"))
    assert str(clock.starts_at) == "2019-02-01 18:00:05"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("%H%M%S", "year, month, day and hour"),
        ("%Y-%m-%d", "year, month, day and hour"),
        ("%Y-%m-%d_%I", "with %p after %I"),
        ("%Y%Y%m%d%H", "name each part once"),
        ("%Y%m%d%H%", "stray %"),
        ("%Y%m%d%H%z", "%z can't be looked for"),
        ("", "year, month, day and hour"),
    ],
)
def test_a_pattern_that_tells_no_time_is_refused(pattern: str, says: str):
    with pytest.raises(ValidationError) as caught:
        RecordingImportSettings(name_pattern=pattern)
    assert says in str(caught.value)


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValidationError, match="take an IANA name"):
        RecordingImportSettings(metadata_zone="Mars/Olympus")

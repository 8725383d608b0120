"""What stops the pipeline, what leaves it open, and what is only told, by measured values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from rodepil.cluster import Outcome
from rodepil.config.settings import AuditSettings
from rodepil.data.audit import cache
from rodepil.data.audit.findings import findings_of
from rodepil.data.audit.items import Of, digest_of
from rodepil.data.audit.measure import Measured
from rodepil.data.audit.record import AuditRecord, FactorRecord, PlaceRecord
from rodepil.data.audit.run import audit
from rodepil.report.audit import audit_sentences
from rodepil.report.figures.audit import audit_figure
from rodepil.report.style import LIGHT
from tests.audit_films import encode, item

SAME: Measured = {
    "fps": 30.0, "frames": 300, "duration_s": 10.0, "width_px": 224, "height_px": 224,
    "codec": "h264", "container": "mp4", "pixel_format": "yuv420p", "size_bytes": 1000,
    "bars_x_share": 0.0, "bars_y_share": 0.0, "border_level": 9.0, "brightness": 90.0,
    "contrast": 20.0, "colour": 0.0, "noise": 1.0, "sharpness": 5.0, "repeated_share": 0.0,
    "fingerprint": None,
}  # fmt: skip

Varied = Callable[[int, int], Measured]
"""The values of a clip that are not as in SAME, by its number and label."""


def judged(
    labels: list[int], subjects: list[str], varied: Varied, folder: Path, of: Of = "clips"
) -> AuditRecord:
    """Audit clips whose measurements are noted already."""
    folder.mkdir(exist_ok=True)
    items = [
        replace(
            item(folder / f"{number}.mp4", label=label, subject=subject), sha256=f"{number:064}"
        )
        for number, (label, subject) in enumerate(zip(labels, subjects, strict=True))
    ]
    held = [SAME | varied(number, label) for number, label in enumerate(labels)]
    made = iter(held)
    with (
        patch.object(cache, "measure", lambda _: next(made)),
        patch.object(
            cache,
            "run_many",
            lambda job, found, **_: (Outcome(one, job(one), None) for one in found),
        ),
    ):
        return audit(items, AuditSettings(), folder, of=of, data="test", processes=1).record


def ten() -> tuple[list[int], list[str]]:
    """Five animals with seizure clips alone and five with none: chance may do anything."""
    return [0, 0, 1, 1] * 5, [f"rat-{number // 2}" for number in range(20)]


def test_a_rate_that_parts_the_labels_fails_though_each_animal_has_one(tmp_path: Path) -> None:
    record = judged(*ten(), lambda _, label: {"fps": 29.0 if label else 30.0}, tmp_path)
    assert record.attributes[0].p > 0.003
    assert (record.verdict, record.auroc["fps"], record.attributes[0].state) == ("fail", 1, "tells")


def test_a_codec_of_one_class_alone_fails_among_few_clips(tmp_path: Path) -> None:
    record = judged(
        [0, 0, 1, 1], list("abab"), lambda _, label: {"codec": "mjpeg" if label else "h264"},
        tmp_path,
    )  # fmt: skip
    assert record.verdict == "fail"


def test_what_may_be_chance_leaves_the_verdict_open_and_is_named(tmp_path: Path) -> None:
    labels, subjects = ten()

    def rate(number: int, label: int) -> Measured:
        return {"fps": 29.0 if label and number > 5 else 30.0}

    record = judged(labels, subjects, rate, tmp_path)
    assert (record.verdict, record.attributes[0].state) == ("undecided", "unsure")
    assert any("frame rate" in one.what for one in record.findings if one.level == "warning")
    assert "frame rate" in audit_sentences(record)[0]
    assert "one label" not in audit_sentences(record)[0]


def test_an_attribute_that_one_class_lacks_tells_by_being_there(tmp_path: Path) -> None:
    record = judged(*ten(), lambda _, label: {"fps": None if label else 30.0}, tmp_path)
    (rate,) = (one for one in record.attributes if one.name == "fps")
    assert (rate.auroc, rate.normal, rate.seizure) == (1, "30 (100%)", "not stated (100%)")
    assert record.verdict == "fail"


def test_an_attribute_that_no_clip_has_is_left_out(tmp_path: Path) -> None:
    record = judged(*ten(), lambda *_: {"fps": None}, tmp_path)
    assert "fps" not in record.auroc
    assert record.verdict == "pass"


def _long(number: int, label: int) -> Measured:
    seconds = 3600.0 * (8 + number / 100 if label else 1 + number / 100)
    return {"duration_s": seconds, "frames": round(seconds * 30)}


def test_lengths_of_long_recordings_are_told_and_stop_nothing(tmp_path: Path) -> None:
    record = judged(*ten(), _long, tmp_path, of="source")
    assert (record.verdict, record.auroc["duration_s"]) == ("pass", 1)
    assert {one.name for one in record.attributes if one.group == "length"} == {
        "frames",
        "duration_s",
    }
    found = [one for one in record.findings if "duration" in one.what]
    assert [(one.level, "rodepil curate" in one.remedy) for one in found] == [("note", True)]
    assert audit_figure(record, LIGHT).axes


def test_lengths_of_clips_fail_wherever_they_differ(tmp_path: Path) -> None:
    short = judged(*ten(), lambda _, label: {"frames": 291 if label else 301}, tmp_path, "source")
    assert short.verdict == "fail"
    one_long = judged(
        *ten(), lambda _, label: {"duration_s": 10.0 if label else 3600.0}, tmp_path / "b", "source"
    )
    assert one_long.verdict == "fail"


def test_the_share_of_seizures_is_of_all_though_few_places_are_listed(tmp_path: Path) -> None:
    """Forty recordings, of which one has 20 of 98 seizure clips and 39 have two of four each."""
    values = [0] * 22 + [1 + number // 4 for number in range(156)]
    labels = [1] * 20 + [0, 0] + [number % 2 for number in range(156)]
    items = [
        replace(item(tmp_path / f"{n}.mp4", label=label, subject=f"rat-{n % 7}"), video_id=str(at))
        for n, (at, label) in enumerate(zip(values, labels, strict=True))
    ]
    factor = FactorRecord(
        name="recording", explained=0.4, chance=0.1, p=0.005,
        places=(PlaceRecord(value="0", clips=22, positives=20),),
    )  # fmt: skip
    (found,) = (one for one in findings_of([], [factor], [], items) if "recording 0" in one.what)
    assert f"{20 / 98:.0%} of seizures" in found.what


def test_the_digest_is_of_all_clips_though_one_cannot_be_read(tmp_path: Path) -> None:
    film = np.random.default_rng(0).integers(20, 200, (20, 64, 64)).astype(np.uint8)
    items = [
        item(encode(tmp_path / f"{number}.avi", film, codec="mpeg4"), label=number % 2)
        for number in range(2)
    ]
    items.append(item(tmp_path / "gone.avi"))
    record = audit(items, AuditSettings(), tmp_path / "c", of="clips", data="t", processes=1).record
    assert record.counts.unreadable == 1
    assert record.digest == digest_of(["0", "1", "gone"], [0, 1, 0])


def test_a_headline_of_pass_never_hides_bars_that_part_the_labels(tmp_path: Path) -> None:
    labels, subjects = [0, 1] * 20, [f"rat-{number // 4}" for number in range(40)]
    record = judged(labels, subjects, lambda _, label: {"bars_y_share": 0.2 * label}, tmp_path)
    assert record.verdict == "pass"
    first = str(record).splitlines()[0]
    assert "files pass; 2 warnings: pixels tell the label" in first  # alone, and in the forest
    assert "bars above and below, AUROC 1.000" in first
    few = judged(
        [0, 1] * 2, list("aabb"), lambda _, label: {"bars_y_share": 0.2 * label}, tmp_path / "few"
    )
    assert "pixels part the labels, by chance or not (bars" in str(few).splitlines()[0]

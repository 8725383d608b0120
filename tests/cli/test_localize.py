"""'rodepil localize' and 'rodepil score events', as people use them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rodepil.io import tables
from rodepil.io.files import sha256_file
from tests.cli.conftest import Rodepil
from tests.data.marks.test_boris import tabular_9, text
from tests.detect.localize.conftest import SEQUENCE, film, write_model
from tests.detect.localize.conftest import project as project  # noqa: PLC0414 - a fixture

THREE_BOXES = "three_boxes_1350x360_15fps.mp4"
BOXES = [option for place in range(3) for option in ("--box", f"{450 * place},0,450,360")]
SMALL = ["--device", "cpu", "--set", "curate.clip_duration_s=2", "--set", "curate.min_overlap_s=1"]


@pytest.fixture(scope="session")
def sparse(project: Path) -> Path:
    """A localizer of windows that lie apart: on long videos a few dozen are enough."""
    sequence = SEQUENCE.model_copy(update={"stride_frames": 32})
    sha256 = sha256_file(project / "i3d.pt")
    return write_model(project / "sparse" / "model.safetensors", sha256, sequence=sequence)


def test_a_video_becomes_tables_a_sheet_for_boris_and_a_picture(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    model = str(project / "model.safetensors")
    true = "recording_id,start_s,end_s,label\nother,0,1,rearing\n"
    (tmp_path / "true.csv").write_text(true, encoding="utf-8")
    shown = rodepil(
        "localize", str(tmp_path / "v.mp4"), "--model", model, "--out", "found", *SMALL,
        "--project", str(project), "--min-score", "0.2", "--truth", "true.csv",
        folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    out = tmp_path / "found"
    assert {path.name for path in out.iterdir()} == {
        ".parts", "about.json", "boris.tsv", "events.csv", "events.parquet", "timelines",
    }  # fmt: skip
    with (out / "events.csv").open(encoding="utf-8", newline="") as stream:
        told = list(csv.DictReader(stream))
    assert f"v: {len(told)} event" in shown.stdout
    assert "the model learned from noise" in shown.stdout
    assert "the whole picture of each video is looked at as one animal" in shown.stdout
    assert "no event in true.csv is of these videos" in shown.stdout
    assert json.loads((out / "about.json").read_text())["learned_from_data"] == "noise"
    assert (out / "timelines" / "v_0.png").is_file()


def test_three_real_boxes_are_looked_through_in_one_pass(
    rodepil: Rodepil, project: Path, sparse: Path, tmp_path: Path, real_videos: Path
) -> None:
    shown = rodepil(
        "localize", str(real_videos / THREE_BOXES), "--model", str(sparse.parent), *BOXES,
        "--out", "found", "--device", "cpu", "--project", str(project),
        folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    out = tmp_path / "found"
    about = json.loads((out / "about.json").read_text())
    (video,) = about["videos"]
    assert video["duration_s"] == pytest.approx(839 / 15, abs=0.05)
    assert video["frames"] == 839
    events = tables.read("events", out / "events.parquet").to_pylist()
    assert {row["position"] for row in events} == {0, 1, 2}
    assert all(0 <= row["start_s"] < row["end_s"] <= video["duration_s"] for row in events)
    assert len(list((out / "timelines").glob("*.png"))) == 3


def test_a_second_run_says_the_same_and_does_nothing_again(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    call = ["localize", "v.mp4", "--model", str(project), "--out", "found", *SMALL]
    first = rodepil(*call, "--project", str(project), folder=tmp_path)
    (part,) = (tmp_path / "found" / ".parts").glob("*.parquet")
    made = part.stat().st_mtime_ns
    second = rodepil(*call, "--project", str(project), folder=tmp_path)
    assert second.stdout == first.stdout
    assert part.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["v.mp4", "--model", "gone"], "no model is called 'gone'"),
        (["gone.mp4", "--model", "MODEL"], "no video could be looked through"),
        (["v.mp4", "--model", "MODEL", "--box", "0,0,640,64"], "outside the frame"),
        (["v.mp4", "--model", "MODEL", "--box", "wide"], "left,top,width,height"),
        (["v.mp4", "--model", "MODEL", "--min-score", "2"], "give one in [0, 1]"),
        (["v.mp4", "--model", "MODEL", "--label", "raring"], "did you mean 'rearing'"),
        (["v.mp4", "--model", "MODEL", "--detector", "yolo"], "--weights FILE.onnx"),
        (["v.mp4", "--model", "MODEL", "--truth", "gone.csv"], "there is no file gone.csv"),
    ],
)
def test_what_cant_be_is_said_in_one_message(
    rodepil: Rodepil, project: Path, tmp_path: Path, given: list[str], told: str
) -> None:
    film(tmp_path / "v.mp4", 30)
    call = [str(project) if word == "MODEL" else word for word in given]
    shown = rodepil("localize", *call, *SMALL, "--project", str(project), folder=tmp_path)
    assert shown.returncode == 1
    assert told in shown.stderr
    assert "Traceback" not in shown.stderr


def test_boxes_that_cant_be_are_told_before_anything_is_decoded(
    rodepil: Rodepil, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet that names no such recording, and a box outside the picture."""
    film(tmp_path / "v.mp4", 30)
    head = "recording,position,subject,x,y,width,height\n"
    (tmp_path / "other.csv").write_text(head + "w,0,r1,0,0,64,64\n", encoding="utf-8")
    (tmp_path / "outside.csv").write_text(head + "v,0,r1,32,0,64,64\n", encoding="utf-8")

    def untouchable(*_: object) -> None:
        raise AssertionError("a video is looked through")

    for name in ("_length_s", "localize_one"):
        monkeypatch.setattr(f"rodepil.detect.localize.run.{name}", untouchable)
    for sheet, told in (("other.csv", "has no box for v.mp4"), ("outside.csv", "outside the fra")):
        shown = rodepil(
            "localize", "v.mp4", "--model", str(project), "--cages", sheet, *SMALL,
            "--project", str(project), folder=tmp_path,
        )  # fmt: skip
        assert shown.returncode == 1
        assert told in shown.stderr


def test_a_video_that_is_left_out_is_told_first_and_by_the_status(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    film(tmp_path / "w.mp4", 60)
    head = "recording,position,subject,x,y,width,height\n"
    (tmp_path / "boxes.csv").write_text(head + "v,0,r1,0,0,64,64\n", encoding="utf-8")
    shown = rodepil(
        "localize", "v.mp4", "w.mp4", "--model", str(project), "--cages", "boxes.csv", *SMALL,
        "--project", str(project), "--out", "found", folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 1
    warned, worked = (
        shown.stderr.find(text) for text in ("warning: w.mp4 is left out", "localize")
    )
    assert 0 <= warned < worked
    assert "failed: w.mp4: boxes.csv has no box for w.mp4" in shown.stdout
    assert {row["recording_id"] for row in _events(tmp_path / "found")} == {"v"}


def test_an_export_of_boris_is_drawn_for_the_animals_that_the_sheet_of_boxes_names(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    head = "recording,position,subject,x,y,width,height\n"
    rows = "v.mp4,0,r1,0,0,32,64\nv.mp4,1,r2,32,0,32,64\n"
    (tmp_path / "boxes.csv").write_text(head + rows, encoding="utf-8")
    marks = [
        (animal, "rearing", "", kind, time_s)
        for animal in ("r1", "r2")
        for kind, time_s in (("START", 0.5), ("STOP", 1.0))
    ]
    sheet = text(tabular_9(*marks, source="player #1:v.mp4"))
    (tmp_path / "true.tsv").write_text(sheet, encoding="utf-8")
    shown = rodepil(
        "localize", "v.mp4", "--model", str(project), "--cages", "boxes.csv", *SMALL,
        "--project", str(project), "--out", "found", "--truth", "true.tsv", folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "no event in true.tsv" not in shown.stdout


def test_other_videos_into_one_folder_are_refused_and_replaced_on_demand(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    film(tmp_path / "w.mp4", 60, seed=1)
    more = ["--model", str(project), *SMALL, "--project", str(project)]
    assert rodepil("localize", "v.mp4", *more, folder=tmp_path).returncode == 0
    out = tmp_path / "localized"
    before = {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
    refused = rodepil("localize", "w.mp4", *more, folder=tmp_path)
    assert refused.returncode == 1
    assert str(tmp_path / "v.mp4") in refused.stderr
    assert {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()} == before
    assert rodepil("localize", "v.mp4", "w.mp4", *more, folder=tmp_path).returncode == 0
    assert {row["recording_id"] for row in _events(out)} == {"v", "w"}
    assert rodepil("localize", "w.mp4", "--replace", *more, folder=tmp_path).returncode == 0
    assert {row["recording_id"] for row in _events(out)} == {"w"}
    assert [path.name for path in (out / "timelines").iterdir()] == ["w_0.png"]


def test_an_interrupt_says_what_stays_and_what_begins_anew(
    rodepil: Rodepil, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(tmp_path / "v.mp4", 60)

    def impatient(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rodepil.detect.localize.run.localize_one", impatient)
    shown = rodepil(
        "localize", "v.mp4", "--model", str(project), *SMALL, "--project", str(project),
        folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 130
    assert "finished videos stay as they are, and the video at work begins anew" in shown.stderr
    assert "go on from here" not in shown.stderr


def test_the_rule_of_merging_is_told_only_with_events(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 60)
    call = ["localize", "v.mp4", "--model", str(project), *SMALL, "--project", str(project)]
    for least, rule in (("0", True), ("1", False)):
        shown = rodepil(*call, "--min-score", least, folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert ("v: 0 events" not in shown.stdout) == rule
        assert ("that overlap or touch are told as one" in shown.stdout) == rule
        assert "localized" in shown.stdout.splitlines()[-1]


def test_help_says_what_is_looked_at_without_boxes(rodepil: Rodepil, tmp_path: Path) -> None:
    shown = rodepil("localize", "--help", folder=tmp_path)
    said = " ".join(shown.stdout.split())
    assert "Without --box, --cages or --detector the whole picture is looked at as one" in said


def test_truth_that_could_be_of_either_box_is_refused(
    rodepil: Rodepil, project: Path, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", 30)
    true = "recording_id,start_s,end_s,label\nv,0,1,rearing\n"
    (tmp_path / "true.csv").write_text(true, encoding="utf-8")
    shown = rodepil(
        "localize", "v.mp4", "--model", str(project), "--box", "0,0,32,64", "--box", "32,0,32,64",
        *SMALL, "--project", str(project), "--truth", "true.csv", folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 1
    assert "there are cage-0, cage-1; give a column position" in shown.stderr


def _events(out: Path) -> list[dict[str, object]]:
    return tables.read("events", out / "events.parquet").to_pylist()


def test_found_events_are_scored_against_annotations(rodepil: Rodepil, tmp_path: Path) -> None:
    head = "recording_id,start_s,end_s,label,score\n"
    (tmp_path / "said.csv").write_text(head + "v,0,4,rearing,0.9\n", encoding="utf-8")
    (tmp_path / "true.csv").write_text(head + "v,0,5,rearing,1\n", encoding="utf-8")
    shown = rodepil(
        "score", "events", "said.csv", "true.csv", "--tiou", "0.7", "--tiou", "0.9",
        "--json", "scores.json", folder=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["map"] == {"0.7": 1.0, "0.9": 0.0}  # their tIoU is 0.8
    assert scores["frame_accuracy"] == pytest.approx(0.8)
    assert "mAP" in shown.stdout

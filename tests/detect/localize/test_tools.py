"""A localizer and the network of its features belong together, and boxes to their video."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.settings import CurateSettings, FeatureSettings, ModelSettings
from rodepil.detect.localize import Where, open_tools, parse_box
from rodepil.detect.localize.boxes import cages_in
from rodepil.errors import CageError, ModelError
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from tests.detect.localize.conftest import SEQUENCE, write_model

Film = Callable[..., Path]


def test_the_folder_of_a_trial_stands_for_its_model(project: Path) -> None:
    tools = open_tools(project, project, device="cpu")
    assert tools.model == project / "model.safetensors"
    assert "learned from noise" in tools.notes[0]


def test_a_classifier_is_sent_to_predict(tmp_path: Path) -> None:
    features, model = (
        FeatureSettings(frames=4, size_px=32),
        ModelSettings(width=24, depth=1, heads=2, patch_px=8),
    )
    card = ModelCard(model=model, features=features, data="noise", trial_id="0")
    save_model(tmp_path / "model.safetensors", build(model, features), card)
    with pytest.raises(ModelError, match="rodepil predict"):
        open_tools(tmp_path, tmp_path)


def test_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model at"):
        open_tools(tmp_path / "gone.safetensors", tmp_path)


def test_another_extractor_than_the_cards_is_refused_with_both_digests(
    tmp_path: Path, project: Path
) -> None:
    shutil.copy(project / "i3d.pt", tmp_path / "i3d.pt")
    model = write_model(tmp_path / "model.safetensors", "f" * 64)
    own = sha256_file(project / "i3d.pt")[:12]
    with pytest.raises(ModelError, match=rf"(?s){own}.*ffffffffffff.*'i3d\.pt'.*--extractor FILE"):
        open_tools(model, tmp_path)


def test_an_extractor_that_is_elsewhere_can_be_given(tmp_path: Path, project: Path) -> None:
    model = shutil.copy(project / "model.safetensors", tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"(?s)is not here.*'i3d\.pt'.*--extractor FILE"):
        open_tools(model, tmp_path)
    tools = open_tools(model, tmp_path, extractor_file=project / "i3d.pt", device="cpu")
    assert tools.extractor_sha256 == sha256_file(project / "i3d.pt")
    with pytest.raises(ModelError, match="no extractor at"):
        open_tools(model, tmp_path, extractor_file=tmp_path / "gone.pt")


def test_features_that_came_as_files_want_their_network_named_and_that_is_noted(
    tmp_path: Path, project: Path
) -> None:
    sequence = SEQUENCE.model_copy(update={"model": "imported"})
    model = write_model(tmp_path / "model.safetensors", None, sequence=sequence)
    with pytest.raises(ModelError, match=r"came as files.*--extractor FILE"):
        open_tools(model, project)
    tools = open_tools(model, project, extractor_file=project / "i3d.pt", device="cpu")
    assert "nothing tells that" in tools.notes[1]


def test_features_of_another_width_are_refused(tmp_path: Path, project: Path) -> None:
    settings = ModelSettings.model_construct(name="i3d", width=8)
    from rodepil.models.i3d.weights import write_i3d  # noqa: PLC0415 - for this test alone

    network = build(settings, FeatureSettings(frames=16, size_px=32), classes=0, seed=1)
    write_i3d(tmp_path / "wide.pt", network, ())  # type: ignore[arg-type]
    model = write_model(tmp_path / "model.safetensors", sha256_file(tmp_path / "wide.pt"))
    with pytest.raises(ModelError, match=r"features of width 128, .* reads 64"):
        open_tools(model, project, extractor_file=tmp_path / "wide.pt", device="cpu")


def test_a_rate_that_no_clip_has_is_refused(tmp_path: Path, project: Path) -> None:
    sequence = SEQUENCE.model_copy(update={"fps": 29.97})
    sha256 = sha256_file(project / "i3d.pt")
    model = write_model(tmp_path / "model.safetensors", sha256, sequence=sequence)
    tools = open_tools(model, project, device="cpu")
    with pytest.raises(ModelError, match=r"29\.97 frames a second"):
        tools.clips(CurateSettings())


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "", "1,2,3,4,5", "1.5,0,3,4"])
def test_a_box_is_four_whole_numbers(text: str) -> None:
    with pytest.raises(CageError, match="left,top,width,height"):
        parse_box(text)


def test_without_boxes_the_whole_frame_is_one_cage(make_film: Film) -> None:
    (cage,), _ = cages_in(make_film("v.mp4", 3, wide=2), "v", Where())
    assert (cage.position, cage.box) == (0, (0, 0, 128, 64))


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        (((100, 0, 64, 64),), "outside the frame"),
        (((0, 0, 8, 8),), "under 16 px"),
        (((0, 0, 64, 64), (0, 0, 64, 64)), "stand twice"),
    ],
)
def test_boxes_that_cant_be_are_refused(
    make_film: Film, boxes: tuple[tuple[int, int, int, int], ...], told: str
) -> None:
    with pytest.raises(CageError, match=told):
        cages_in(make_film("v.mp4", 3, wide=2), "v", Where(boxes=boxes))


@pytest.mark.parametrize("name", ["v.mp4", "v", "undated_v"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_sheet_gives_boxes_and_names_of_the_video(
    tmp_path: Path, make_film: Film, name: str, form: str
) -> None:
    if form == "parquet" and name == "v.mp4":
        name = "v"  # a table holds recording ids, no files
    video, sheet = make_film("v.mp4", 3, wide=2), tmp_path / f"cages.{form}"
    rows = [(name, 1, "70-2", 64), (name, 0, "70-1", 0), ("other", 0, "70-3", 0)]
    if form == "csv":
        lines = [f"{at},{place},{rat},{x},0,64,64" for at, place, rat, x in rows]
        head = "recording,position,subject,x,y,width,height"
        sheet.write_text("\n".join([head, *lines]), encoding="utf-8")
    else:
        made = [
            {"recording_id": at, "position": place, "subject_id": rat}
            | {"x_px": x, "y_px": 0, "width_px": 64, "height_px": 64}
            for at, place, rat, x in rows
        ]
        tables.write("cages", tables.from_rows("cages", made), sheet)
    cages, _ = cages_in(video, "v", Where(sheet=sheet))
    assert [(cage.position, cage.subject_id, cage.x_px) for cage in cages] == [
        (0, "70-1", 0),
        (1, "70-2", 64),
    ]


def test_a_sheet_without_the_video_says_what_to_name_it(tmp_path: Path, make_film: Film) -> None:
    sheet = tmp_path / "cages.csv"
    sheet.write_text(
        "recording,position,subject,x,y,width,height\nother,0,a,0,0,64,64\n", encoding="utf-8"
    )
    with pytest.raises(CageError, match=r"no box for .*name it there as 'v\.mp4'"):
        cages_in(make_film("v.mp4", 3), "v", Where(sheet=sheet))


def test_cages_come_from_one_place() -> None:
    with pytest.raises(CageError, match="one of the three"):
        Where(boxes=((0, 0, 64, 64),), detect=lambda _: (0, 0, 64, 64))

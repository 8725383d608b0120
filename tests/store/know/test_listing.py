"""What `list` says of views that are current, stale, gone, damaged or of no settings."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from rodepil import stages
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.progress import Silent
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.store.know.collect import collect
from rodepil.store.know.describe import describe
from rodepil.store.know.listed import listed_lines, remedies
from rodepil.store.know.listing import Holding, holdings
from rodepil.store.shards import folder_name
from tests.store.know.conftest import MISSING, Small, older


def listed(project: Small) -> dict[str, Holding]:
    return {one.name or one.folder: one for one in holdings(project.asked)}


def states(project: Small) -> dict[str, str]:
    return {name: one.state for name, one in listed(project).items()}


def test_every_view_of_the_settings_is_listed_before_anything_is_made(bare: Small) -> None:
    assert states(bare) == dict.fromkeys(["frames", "motion", "pairs"], "not materialized")
    assert all(one.age_s is None and one.size_bytes == 0 for one in listed(bare).values())


def test_sizes_and_counts_are_those_of_the_files(project: Small) -> None:
    for name, one in listed(project).items():
        files = project.shards(name)
        assert (one.clips, one.features, one.shards) == (16, 16, len(files)) == (16, 16, 4)
        assert one.size_bytes == sum(path.stat().st_size for path in files)
        assert one.folder == files[0].parent.name
        assert one.state == "current"
    later = files[0].parent.joinpath("index.parquet").stat().st_mtime + 7200
    (motion,) = (one for one in holdings(project.asked, lambda: later) if one.name == "pairs")
    assert motion.age_s == 7200
    assert list(remedies(list(listed(project).values()))) == []


def test_other_settings_are_told_by_name_and_value(project: Small) -> None:
    old = listed(project)["frames"].folder
    project.change(features=FeatureSettings(frames=4, size_px=48))
    found = holdings(project.asked)
    by_folder = {one.folder: one for one in found}
    assert by_folder[old].state == "of 'frames' as it was, still in the snapshot"
    (new,) = (one for one in found if one.name == "frames" and one.folder != old)
    assert new.state == "stale: size_px 32, now 48"
    assert any("rodepil features materialize" in line for line in remedies(found))


def test_a_changed_clip_and_one_that_is_new_are_counted(project: Small) -> None:
    project.clips.rows["c003"]["sha256"] = "0" * 64
    project.write_clips()
    assert states(project)["motion"] == "stale: 1 clip has changed or is not kept"
    project.clips.rows["c003"]["kept"] = False
    project.clips.rows["c016"] = project.clips.rows["c000"] | {"clip_id": "c016", "path": "x.avi"}
    project.write_clips()
    assert states(project)["motion"] == "stale: 1 clip has changed or is not kept"
    del project.clips.rows["c003"]["sha256"]
    project.clips.sign("c003")
    project.clips.rows["c003"]["kept"] = True
    project.write_clips()
    assert states(project)["motion"] == "16 of 17 clips"


def test_a_store_that_is_gone_in_part_or_whole_is_told(project: Small) -> None:
    project.shards("motion")[0].unlink()
    assert states(project)["motion"] == "4 features are gone from the store"
    shutil.rmtree(project.workspace.store)
    assert states(project)["frames"] == (
        "none of its 16 features is here: removed, or made under another store.url"
    )


def test_what_no_settings_name_is_listed_and_can_be_cleaned_up(project: Small) -> None:
    project.change(views={"motion": {"kind": "motion", "size_px": 24}})
    found = holdings(project.asked)
    assert {one.name: one.state for one in found}["pairs"].startswith(
        "of no view of the settings, though in the snapshot"
    )
    project.workspace.features.unlink()
    project.materialize()
    (old,) = (one for one in holdings(project.asked) if not one.name)
    assert (old.kind, old.features, old.state) == ("frames", 16, "of no view of the settings")
    assert any("rodepil features gc" in line for line in remedies([old]))


def test_a_damaged_shard_is_told(project: Small) -> None:
    path = project.shards("pairs")[0]
    path.write_bytes(path.read_bytes()[:100])
    found = listed(project)["pairs"]
    assert found.state == "1 damaged shard; 4 features are gone from the store"
    assert any("verify --mend" in line for line in remedies([found]))


def test_a_view_whose_model_is_gone_is_told_beside_the_others(project: Small) -> None:
    project.change(views={**project.settings.views, **MISSING})
    found = states(project)
    told = found.pop("emb")
    assert told.startswith("can't be made: there are no weights ")
    assert told.endswith("'gone/model.safetensors'")
    assert found == dict.fromkeys(["frames", "motion", "pairs"], "current")
    rows = [row | {"view": "emb"} for row in project.asked.features.to_pylist()
            if row["view"] == "pairs"]  # fmt: skip
    features = [row for row in project.asked.features.to_pylist() if row["view"] != "pairs"]
    tables.write(
        "features", tables.from_rows("features", features + rows), project.workspace.features
    )
    project.change(views=MISSING)
    before = [one.state for one in holdings(project.asked) if one.name == "emb"]
    assert sorted(before) == [told, "of a view that can't be made now"]


def test_views_are_found_from_the_projects_folder_wherever_a_command_starts(
    project: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelSettings(width=24, depth=1, heads=3, patch_px=8)
    card = ModelCard(
        model=model, features=FeatureSettings(frames=4, size_px=16), data="simulated", trial_id="t"
    )
    save_model(project.root / "own" / "m.safetensors", build(model, card.features), card)
    project.change(views={"emb": {"kind": "embedding", "model": "own/m.safetensors"}})
    here = listed(project)["emb"].folder
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert project.asked.broken == {}
    assert listed(project)["emb"].state == "not materialized"
    assert listed(project)["emb"].folder == here


def test_what_was_made_in_part_is_counted_before_the_snapshot_names_it(bare: Small) -> None:
    bare.materialize()
    bare.workspace.features.unlink()
    motion = bare.asked.view("motion")
    next((bare.workspace.store / folder_name(motion)).glob("*.arrow")).unlink()
    found = listed(bare)["motion"]
    assert (found.clips, found.stored, found.wanted) == (0, 12, 16)
    assert found.state == "12 of 16 clips stored, not in the snapshot"


def test_shards_of_an_older_format_are_no_damage(project: Small) -> None:
    older(project.shards("pairs"))
    found = listed(project)["pairs"]
    assert (found.older, found.damaged) == (4, 0)
    assert found.state.startswith("4 shards of an older format; ")
    assert not any("verify" in line for line in remedies([found]))


def test_lines_fit_80_columns_and_hold_every_folder_whole(project: Small) -> None:
    project.change(
        features=FeatureSettings(frames=4, size_px=48),
        views={"motion": {"kind": "motion", "size_px": 24}, "a" * 30: {"kind": "motion"}},
    )
    asked = project.asked
    found = holdings(asked)
    lines = [line for part in listed_lines(asked, found) for line in part.splitlines()]
    assert all(len(line) < 80 for line in lines if str(project.root) not in line)
    text = "\n".join(lines)
    assert all(f"    {one.folder}, " in text for one in found)
    total = sum(path.stat().st_size for path in project.workspace.store.rglob("*.arrow"))
    assert f"In all {total / 1e3:.2f} kB" in text
    ours = text.partition("Other folders")[0]
    assert ours.index("\nmotion ") < ours.index("\nframes ")


def test_the_way_to_be_rid_of_a_view_is_told_and_true(project: Small) -> None:
    old = project.shards("pairs")
    project.change(views={"motion": {"kind": "motion", "size_px": 24}})
    (line,) = (one for one in remedies(holdings(project.asked)) if "gc" in one)
    assert line.startswith("'rodepil features materialize' brings the snapshot in line")
    assert "(pairs)" in line
    stages.features(project.settings, project.workspace, Silent())
    (line,) = (one for one in remedies(holdings(project.asked)) if "gc" in one)
    assert line.startswith("'rodepil features gc' frees")
    collect(project.asked, clock=lambda: time.time() + 7200)
    assert not old[0].parent.exists()
    assert list(remedies(holdings(project.asked))) == []


def test_sequences_of_action_units_are_told_and_are_no_garbage(project: Small) -> None:
    project.materialize_units()
    (one,) = (one for one in holdings(project.asked) if one.name == "sequence")
    assert (one.clips, one.features, one.state) == (16, 16, "sequences of action units")
    assert list(remedies([one])) == []
    with pytest.raises(FeatureError, match="in which action units are localized"):
        describe(project.asked, "sequence")

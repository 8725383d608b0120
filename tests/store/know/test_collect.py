"""`gc` removes what nothing refers to, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rodepil.config.settings import FeatureSettings, StoreSettings
from rodepil.errors import FeatureError, TableError
from rodepil.io import tables
from rodepil.store import FeatureStore
from rodepil.store.know import lineage
from rodepil.store.know.collect import collect
from rodepil.store.know.collected import collected_lines
from rodepil.store.know.lineage import FILE, Origin, ViewRecord
from rodepil.store.lease import is_leased, lease
from tests.store.conftest import contents
from tests.store.know.conftest import MISSING, Small


def age(project: Small, hours: float = 2) -> None:
    """Make every file older."""
    then = time.time() - hours * 3600
    for path in project.workspace.store.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def record(project: Small, view: str) -> Path:
    """Write the lineage of a run that learned from a view."""
    asked = project.asked
    rows = lineage.trace(asked.view(view), asked.features, asked.manifest.clips, asked.recordings)
    said = Origin(group="g", trials=("t",), snapshot="s", view=ViewRecord.of(asked.view(view)))
    path = project.workspace.trials / "group_g" / FILE
    lineage.write(rows, said, path)
    return path


def test_nothing_goes_while_the_snapshot_names_it(project: Small) -> None:
    age(project)
    before = contents(project.workspace.store)
    project.change(features=FeatureSettings(frames=8, size_px=16), views={})
    for one in collect(project.asked):
        assert (one.removed, one.young, one.kept) == (0, 0, 4)
    assert contents(project.workspace.store) == before


def test_shards_of_former_settings_go_and_leave_no_folder(project: Small) -> None:
    old = project.shards("frames")
    freed = sum(path.stat().st_size for path in old)
    project.change(features=FeatureSettings(frames=4, size_px=48))
    project.materialize()
    age(project)
    kept = contents(project.workspace.store)
    told = collect(project.asked, dry_run=True)
    assert contents(project.workspace.store) == kept
    assert collect(project.asked) == told
    assert sum(one.removed_bytes for one in told) == freed
    assert not old[0].parent.exists()
    left = contents(project.workspace.store)
    assert left == {name: data for name, data in kept.items() if old[0].parent.name not in name}
    assert "would be removed" in "\n".join(collected_lines(told, dry_run=True))
    assert collect(project.asked, dry_run=True) == [one for one in told if one.kept]


def test_what_a_run_learned_from_stays(project: Small) -> None:
    old = project.shards("frames")
    path = record(project, "frames")
    project.change(features=FeatureSettings(frames=4, size_px=48))
    project.materialize()
    age(project)
    collect(project.asked)
    assert all(shard.exists() for shard in old)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TableError):
        collect(project.asked)
    assert all(shard.exists() for shard in old)
    path.unlink()
    collect(project.asked)
    assert not any(shard.exists() for shard in old)


def test_sequences_of_action_units_stay_until_their_own_snapshot_lets_them_go(
    project: Small,
) -> None:
    shards = project.materialize_units()
    age(project)
    told = collect(project.asked)
    assert all(shard.exists() for shard in shards)
    assert [one.names for one in told if one.reason == "units"] == [("sequence",)]
    assert "action units are localized in them" in " ".join(collected_lines(told, dry_run=False))
    project.workspace.units_features.unlink()
    assert sum(one.removed for one in collect(project.asked)) == len(shards)
    assert not any(shard.exists() for shard in shards)


def test_what_is_less_than_an_hour_old_stays_and_is_told(project: Small) -> None:
    old = project.shards("frames")
    project.change(features=FeatureSettings(frames=4, size_px=48))
    project.materialize()
    (told,) = (one for one in collect(project.asked) if one.young)
    assert (told.young, told.removed) == (4, 0)
    assert all(shard.exists() for shard in old)
    lines = " ".join(" ".join(collected_lines([told], dry_run=False)).split())
    assert "less than an hour old" in lines
    assert "run gc again in 60 min" in lines or "run gc again in 1 h" in lines
    age(project, 0.75)
    (told,) = (one for one in collect(project.asked) if one.young)
    assert 14 * 60 < told.wait_s <= 15 * 60


def test_what_the_settings_want_stays_without_a_line_in_the_snapshot(project: Small) -> None:
    """A materialization that is under way may be reusing it."""
    none = tables.from_rows("features", [])
    tables.write("features", none, project.workspace.features)
    age(project)
    before = contents(project.workspace.store)
    collect(project.asked)
    assert contents(project.workspace.store) == before


def test_a_key_that_lies_twice_is_kept_once(project: Small) -> None:
    named = project.shards("motion")
    for path in named:
        path.rename(path.with_suffix(".away"))
    FeatureStore(project.workspace.store, shard_clips=8).materialize(
        [project.asked.view("motion")], project.clips.manifest, processes=1
    )
    twice = set(named[0].parent.glob("*.arrow"))
    for path in named:
        path.with_suffix(".away").rename(path)
    age(project)
    collect(project.asked)
    assert all(path.exists() for path in named)
    assert not any(path.exists() for path in twice)


def test_leftovers_of_killed_writers_go_when_they_are_old(project: Small) -> None:
    folder = project.shards("pairs")[0].parent
    old, young = folder / ".one.abc.tmp.arrow", folder / ".two.abc.tmp.arrow"
    old.write_bytes(bytes(500))
    young.write_bytes(bytes(700))
    os.utime(old, (0, 0))
    (told,) = (one for one in collect(project.asked, dry_run=True) if one.unfinished_bytes)
    assert (told.unfinished_bytes, old.exists()) == (500, True)
    collect(project.asked)
    assert (old.exists(), young.exists()) == (False, True)


def test_foreign_files_and_folders_stay(project: Small) -> None:
    folder = project.shards("frames")[0].parent
    mine = [project.workspace.store / "mine" / "a.arrow", folder / "mine.arrow"]
    mine[0].parent.mkdir()
    for path in mine:
        path.write_text("mine")
    age(project)
    collect(project.asked)
    assert all(path.read_text() == "mine" for path in mine)


def test_without_a_snapshot_nothing_is_removed(bare: Small) -> None:
    with pytest.raises(FeatureError, match="no snapshot of features yet"):
        collect(bare.asked)


def test_a_view_whose_model_is_gone_stops_it_by_name(project: Small) -> None:
    project.change(views=MISSING)
    age(project)
    before = contents(project.workspace.store)
    with pytest.raises(FeatureError, match=r"view 'emb' of the settings can't be made now.*gone"):
        collect(project.asked, dry_run=True)
    with pytest.raises(FeatureError, match="or take it out of the section 'views'"):
        collect(project.asked)
    assert contents(project.workspace.store) == before


def test_a_folder_that_somebody_adds_to_is_left_alone(project: Small) -> None:
    old = project.shards("frames")
    project.change(features=FeatureSettings(frames=4, size_px=48))
    project.materialize()
    age(project)
    with lease(project.asked.store.place, [old[0].parent.name]):
        told = {one.folder: one for one in collect(project.asked)}
        assert "a materialization is adding to it" in told[old[0].parent.name].refused
        assert all(path.exists() for path in old)
    collect(project.asked)
    assert not old[0].parent.exists()


def test_a_lease_of_somebody_who_was_killed_ends_after_an_hour(project: Small) -> None:
    (old, *_), place = project.shards("frames"), project.asked.store.place
    holding = lease(place, [old.parent.name])
    holding.__enter__()  # and nobody lets go
    (left,) = old.parent.glob(".lease-*")
    project.change(features=FeatureSettings(frames=4, size_px=48))
    project.materialize()
    age(project, 0.9)
    assert is_leased(place, old.parent.name, time.time())
    age(project, 1.1)
    assert not is_leased(place, old.parent.name, time.time())
    collect(project.asked)
    assert not left.exists()
    assert not old.parent.exists()


def test_a_store_that_others_may_use_is_cleaned_up_only_when_that_is_confirmed(
    project: Small, tmp_path: Path
) -> None:
    url = f"memory://{tmp_path.name}"
    project.change(store=StoreSettings(url=url, cache=str(tmp_path / "cache")))
    asked = project.asked
    summary = asked.store.materialize(
        list(asked.views.values()), project.clips.manifest, processes=1
    )
    tables.write("features", summary.features, project.workspace.features)
    with pytest.raises(FeatureError, match=rf"{url} may hold .* confirm with --not-shared"):
        collect(project.asked)
    assert sum(one.kept for one in collect(project.asked, dry_run=True)) == 3
    assert sum(one.kept for one in collect(project.asked, not_shared=True)) == 3


def test_what_stays_says_why_and_what_lets_it_go(project: Small) -> None:
    pairs = project.shards("pairs")
    record(project, "motion")
    project.change(views={})
    age(project)
    told = {one.names[0]: one for one in collect(project.asked)}
    reasons = {name: one.reason for name, one in told.items()}
    assert reasons == {"frames": "settings", "motion": "run", "pairs": "snapshot"}
    assert told["pairs"].kept_bytes == sum(path.stat().st_size for path in pairs)
    lines = list(collected_lines(list(told.values()), dry_run=False))
    assert all(len(one) < 80 for line in lines for one in line.splitlines())
    said = " ".join(" ".join(lines).split())
    assert "frames-" not in "".join(line for line in lines if told["frames"].folder in line)
    assert "'rodepil features materialize' brings the snapshot in line" in said
    assert "a run under results/trials learned from them" in said
    project.materialize()  # what the list advises, without the views
    age(project)
    gone = {one.folder: one.removed for one in collect(project.asked) if one.removed}
    assert gone == {pairs[0].parent.name: 4}

"""A trial finds its features wherever the settings put the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from uuid import uuid4

import pytest
import torch

from rodepil import stages
from rodepil.config.settings import ProjectSettings, StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.progress import Silent
from rodepil.store import open_store
from rodepil.trials import running
from rodepil.trials.plan import make_plan
from rodepil.trials.worker import load

Copy = Callable[[str], Workspace]
CPU = torch.device("cpu")


@pytest.fixture
def far_away(settings: ProjectSettings, monkeypatch: pytest.MonkeyPatch) -> ProjectSettings:
    """Return settings with a store on a file system that only this process sees."""
    monkeypatch.setattr("rodepil.cluster.cpu_count", lambda: 1)
    url = f"memory://{uuid4().hex}"
    return settings.model_copy(update={"store": StoreSettings(url=url), "views": {}})


def test_where_the_store_lies_makes_no_other_trial(
    copy: Copy, settings: ProjectSettings, far_away: ProjectSettings
) -> None:
    workspace = copy("planned")
    here, there = make_plan(settings, workspace), make_plan(far_away, workspace)
    assert [trial.id for trial in here.trials] == [trial.id for trial in there.trials]
    assert here.group == there.group
    assert [trial.store for trial in there.trials] == [far_away.store] * 3


def test_a_worker_reads_through_the_cache_what_the_stage_stored_far_away(
    copy: Copy, settings: ProjectSettings, far_away: ProjectSettings
) -> None:
    workspace, other = copy("far"), copy("near")
    shutil.rmtree(workspace.store)
    said = stages.features(far_away, workspace, Silent())
    assert "0 reused" in said
    assert not workspace.store.exists()

    trial = make_plan(far_away, workspace).trials[0]
    shutil.rmtree(workspace.root / far_away.store.cache)
    near = load(make_plan(settings, other).trials[0], CPU)
    for clips, wanted in zip(load(trial, CPU), near, strict=True):
        assert clips.clip_ids == wanted.clip_ids
        rows = torch.arange(len(clips.clip_ids))
        assert torch.equal(*(next(iter(one.batches([rows], CPU))) for one in (clips, wanted)))
    assert list((workspace.root / far_away.store.cache).glob("*/*/*.arrow"))


def test_shards_lost_far_away_are_made_again_before_training(
    copy: Copy, far_away: ProjectSettings
) -> None:
    workspace = copy("lost")
    stages.features(far_away, workspace, Silent())
    place = open_store(far_away.store, workspace).place
    before = {folder: place.files(folder) for folder in place.folders()}
    for folder, files in before.items():
        for name in files:
            place.discard(f"{folder}/{name}")
    running._ensure_features(make_plan(far_away, workspace).trials[:1])
    assert {folder: place.files(folder) for folder in before} == before
    assert tables.read("features", workspace.features).num_rows > 0

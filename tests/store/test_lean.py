"""What makes the store fast changes nothing else."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rodepil.errors import FeatureError
from rodepil.store import FeatureStore, FrameView, MotionView
from rodepil.store.making import Group
from rodepil.store.materialize import plan
from rodepil.store.places import LocalPlace
from tests.store.conftest import ClipFolder

VIEW = FrameView(frames=4, size_px=32)

WORKER = """
import pickle, sys
from pathlib import Path
from rodepil.store.materialize import make
made = make(pickle.loads(Path(sys.argv[1]).read_bytes()))
assert made.shards and not made.failures, made
print(sorted({"torch", "pandas", "ray", "scipy"} & set(sys.modules)))
"""


def test_a_worker_that_decodes_imports_nothing_heavy(folder: ClipFolder, tmp_path: Path) -> None:
    views = (VIEW, MotionView())
    wanted = tuple(plan(views, folder.clips)[:4])
    group = tmp_path / "group"
    group.write_bytes(pickle.dumps(Group(views, LocalPlace(tmp_path), folder.root, wanted)))
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(group)], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_a_snapshot_that_is_replaced_is_what_counts(
    folder: ClipFolder, store: FeatureStore
) -> None:
    whole = store.materialize([VIEW], folder.manifest, processes=1).features
    (before,) = store.rows("frames", ["c003"])
    ids = whole.column("clip_id").to_pylist()
    renamed = ["x" if clip_id == "c003" else clip_id for clip_id in ids]
    store.features = whole.set_column(
        whole.schema.get_field_index("clip_id"), whole.schema.field("clip_id"), [renamed]
    )
    (after,) = store.rows("frames", ["x"])
    assert np.array_equal(before["frames"], after["frames"])
    with pytest.raises(FeatureError, match=r"1 clips have no stored feature.*the first is c003"):
        list(store.rows("frames", ["c004", "c003"]))
    with pytest.raises(FeatureError, match=r"the snapshot has no view 'other', it has frames"):
        list(store.rows("other", ["x", "c004"]))

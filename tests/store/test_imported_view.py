"""Features that came as files: through the store unchanged, or refused, each by its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store.features import FeatureStore
from rodepil.store.materialize import Manifest
from rodepil.store.views.frames import FrameView
from rodepil.store.views.registry import make_view

WIDTH = 12
VIEW = make_view("i3d", "imported_sequence", {"width": WIDTH})


def sequence(seed: int, windows: int = 72) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(windows, WIDTH)).astype(np.float32)


def manifest(root: Path, arrays: Mapping[str, np.ndarray]) -> Manifest:
    """Write arrays as files, and a row for each: a clip of 10 s at 30 fps."""
    rows = []
    for name, array in arrays.items():
        path = root / "features" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array)
        rows.append(
            {
                "clip_id": f"clip {name}", "recording_id": name, "subject_id": name, "position": 0,
                "date": "undated", "video_id": name, "start_frame": 0, "end_frame": 300,
                "start_s": 0.0, "duration_s": 10.0, "label": 0, "kept": True,
                "path": f"features/{name}.npy", "fps": "30", "n_frames": 300,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        )  # fmt: skip
    return Manifest(tables.from_rows("clips", rows), root)


def test_what_a_file_holds_comes_out_of_the_store_bit_by_bit(
    tmp_path: Path, store: FeatureStore
) -> None:
    given = {name: sequence(seed, 71 + seed % 3) for seed, name in enumerate("abcdefg")}
    made = store.materialize([VIEW], manifest(tmp_path, given), processes=1)
    assert made.computed == {"i3d": 7}
    ids = [f"clip {name}" for name in given]
    for row, array in zip(store.rows("i3d", ids), given.values(), strict=True):
        np.testing.assert_array_equal(row["sequence"], array)


def test_two_clips_of_one_content_share_a_feature(tmp_path: Path, store: FeatureStore) -> None:
    given = {"a": sequence(0), "copy of a": sequence(0), "b": sequence(1)}
    made = store.materialize([VIEW], manifest(tmp_path, given), processes=1)
    assert made.features.num_rows == 3
    assert len(set(made.features.column("key").to_pylist())) == 2
    ids = [f"clip {name}" for name in given]
    for row, array in zip(store.rows("i3d", ids), given.values(), strict=True):
        np.testing.assert_array_equal(row["sequence"], array)


def test_a_file_that_changed_gets_another_key_and_a_second_run_makes_nothing(
    tmp_path: Path, store: FeatureStore
) -> None:
    first = manifest(tmp_path, {"a": sequence(0), "b": sequence(1)})
    store.materialize([VIEW], first, processes=1)
    assert store.materialize([VIEW], first, processes=1).computed == {"i3d": 0}
    changed = manifest(tmp_path, {"a": sequence(2), "b": sequence(1)})
    assert store.materialize([VIEW], changed, processes=1).computed == {"i3d": 1}
    (row,) = store.rows("i3d", ["clip a"])
    np.testing.assert_array_equal(row["sequence"], sequence(2))


def test_a_lost_feature_is_made_again_of_its_file(tmp_path: Path, store: FeatureStore) -> None:
    clips = manifest(tmp_path, {"a": sequence(0)})
    shard = store.materialize([VIEW], clips, processes=1).features.column("shard")[0].as_py()
    store.discard(shard)
    np.testing.assert_array_equal(store.sound_row(VIEW, "clip a", clips)["sequence"], sequence(0))


def test_a_bad_file_is_a_stated_row_and_the_others_are_stored(
    tmp_path: Path, store: FeatureStore
) -> None:
    bad = {
        "holed": np.where(np.arange(72)[:, None] == 3, np.nan, sequence(0)),
        "long": sequence(0, 143),
        "narrow": sequence(0)[:, 1:],
        "transposed": sequence(0).T,
        "whole numbers": np.ones((72, WIDTH), np.int32),
    }
    clips = manifest(tmp_path, {"good": sequence(5), **bad, "gone": sequence(6)})
    (tmp_path / "features" / "gone.npy").unlink()
    made = store.materialize([VIEW], clips, processes=1)
    assert made.features.column("clip_id").to_pylist() == ["clip good"]
    told = {row["item"]: row["message"] for row in made.failures.to_pylist()}
    assert set(told) == {f"features/{name}.npy" for name in [*bad, "gone"]}
    for name, said in {
        "holed": "no finite float32, the first in window 3, place 0", "long": "a stride of 2",
        "narrow": "width 11, wanted 12", "transposed": "is transposed",
        "whole numbers": "holds int32", "gone": "is not there",
    }.items():  # fmt: skip
        assert said in told[f"features/{name}.npy"]
        assert str(tmp_path) not in told[f"features/{name}.npy"] or name == "gone"


def test_views_of_frames_are_refused_for_files_of_features(
    tmp_path: Path, store: FeatureStore
) -> None:
    clips = manifest(tmp_path, {"a": sequence(0)})
    made = store.materialize([FrameView(frames=4, size_px=32)], clips, processes=1)
    assert made.failures.column("error").to_pylist() == ["VideoError"]


def test_the_grid_is_part_of_what_the_view_is() -> None:
    other = make_view("i3d", "imported_sequence", {"width": WIDTH, "stride_frames": 8})
    assert VIEW.key("0" * 64) != other.key("0" * 64)
    with pytest.raises(FeatureError, match="reads files of features, not frames"):
        VIEW.tap(None)  # type: ignore[arg-type]


def test_the_column_is_that_of_the_projects_own_sequences() -> None:
    from rodepil.models.views import SequenceView  # noqa: PLC0415 - heavy

    defaults = SequenceView.model_fields
    assert (VIEW.main, defaults["stride_frames"].default) == ("sequence", 4)
    assert VIEW.columns["sequence"].arrow == pa.large_list(
        pa.field("item", pa.float32(), nullable=False)
    )

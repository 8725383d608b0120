"""A small project with clips, folds, recordings, and a store in which three views lie."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rodepil.config.settings import FeatureSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.store import FeatureStore, declared_views
from rodepil.store.know.project import StoreProject
from tests.store.conftest import ClipFolder, noise

SETTINGS = ProjectSettings(
    features=FeatureSettings(frames=4, size_px=32),
    views={
        "motion": {"kind": "motion", "size_px": 24},
        "pairs": {"kind": "frames", "frames": 3, "size_px": 16, "pairs": "native"},
    },
)


MISSING = {"emb": {"kind": "embedding", "model": "gone/model.safetensors"}}
"""A view whose model is not there."""


@dataclass
class Small:
    """A project of sixteen clips, each subject's in one of two folds."""

    root: Path
    clips: ClipFolder
    settings: ProjectSettings = SETTINGS

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    @property
    def asked(self) -> StoreProject:
        """The project as a new command sees it."""
        return StoreProject(self.settings, self.workspace)

    def write_clips(self) -> None:
        tables.write("clips", self.clips.clips, self.workspace.clips)

    def materialize(self) -> pa.Table:
        """Make all views in shards of four clips, and the snapshot."""
        store = FeatureStore(self.workspace.store, shard_clips=4)
        views = declared_views(self.settings.features, self.settings.views)
        features = store.materialize(views, self.clips.manifest, processes=1).features
        return tables.write("features", features, self.workspace.features)

    def materialize_units(self) -> list[Path]:
        """Make what stands for the sequences of action units, and return its shards."""
        store = FeatureStore(self.workspace.store, shard_clips=4)
        view = declared_views(FeatureSettings(frames=2, size_px=16), {})[0]
        made = store.materialize([view], self.clips.manifest, processes=1).features
        named = pa.array(["sequence"] * made.num_rows, pa.string())
        made = made.set_column(made.schema.get_field_index("view"), "view", named)
        tables.write("features", made, self.workspace.units_features)
        return [self.workspace.store / name for name in sorted({*made["shard"].to_pylist()})]

    def change(self, **sections: Any) -> None:
        """Change sections of the settings."""
        self.settings = self.settings.model_copy(update=sections)

    def shards(self, view: str) -> list[Path]:
        """The shards of a view that the snapshot names."""
        rows = tables.read("features", self.workspace.features).to_pylist()
        names = sorted({row["shard"] for row in rows if row["view"] == view})
        return [self.workspace.store / name for name in names]


def small(root: Path) -> Small:
    """Lay a project out, with nothing stored yet."""
    made = Small(root, ClipFolder(root / "data"))
    for number in range(16):
        made.clips.add(number, noise(number))
    made.write_clips()
    folds = [
        {"clip_id": clip_id, "subject_id": row["subject_id"],
         "fold": int(str(row["subject_id"])[-1]) % 2}
        for clip_id, row in made.clips.rows.items()
    ]  # fmt: skip
    tables.write("folds", tables.from_rows("folds", folds), made.workspace.folds)
    rows = [recording(made.workspace, number) for number in range(3)]
    path = made.workspace.raw / "recordings.parquet"
    tables.write("recordings", tables.from_rows("recordings", rows), path)
    return made


def recording(workspace: Workspace, number: int) -> dict[str, object]:
    """Write what stands for a recording, and return its row."""
    path = workspace.raw / f"M{number}.avi"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([number]) * 1000)
    return {
        "recording_id": f"r{number}", "path": path.name, "sha256": sha256_file(path),
        "date": "Jan-14-2019", "video_id": f"M{number}", "fps": "30", "n_frames": 480,
        "duration_s": 16.0, "width_px": 48, "height_px": 48, "codec": "ffv1",
    }  # fmt: skip


def older(shards: list[Path]) -> None:
    """Make shards such as format 1 was: unsigned, under another name for the same keys."""
    for path in shards:
        with pa.ipc.open_file(path) as source:
            header = json.loads(source.schema.metadata[b"rodepil.shard"]) | {"format": 1}
            schema = source.schema.with_metadata({"rodepil.shard": json.dumps(header)})
            rows = [source.get_batch(row) for row in range(source.num_record_batches)]
        path.unlink()
        with pa.ipc.new_file(path, schema) as sink:
            for row in rows:
                sink.write_batch(row.replace_schema_metadata(schema.metadata))


@pytest.fixture
def bare(tmp_path: Path) -> Small:
    """A project with nothing stored yet."""
    return small(tmp_path)


@pytest.fixture
def project(bare: Small) -> Small:
    """A project with three views in its store."""
    bare.materialize()
    return bare

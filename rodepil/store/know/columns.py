"""Columns of tables as Python knows them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from rodepil.config.workspace import Workspace
from rodepil.io import tables


def lookup(table: pa.Table, key: str, value: str) -> dict[Any, Any]:
    """Return one column's values by those of another."""
    return dict(zip(table.column(key).to_pylist(), table.column(value).to_pylist(), strict=True))


def recording_digests(workspace: Workspace) -> dict[str, str]:
    """Return the SHA-256 of each recording by its id; none where their table is gone."""
    path = workspace.raw / "recordings.parquet"
    if not path.is_file():
        return {}
    return lookup(tables.read("recordings", path), "recording_id", "sha256")

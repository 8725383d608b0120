"""What a stage reads stands among what it depends on, so that it runs again when that changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stage", ["crossval", "sequences"])
def test_a_file_of_weights_that_is_swapped_under_its_name_is_seen(stage: str) -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert "data/weights" in stages[stage]["deps"]

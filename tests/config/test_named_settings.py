"""What messages tell a user to set is a setting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import rodepil
from rodepil.config.settings import ProjectSettings

NAMED = re.compile(
    rf"(?<![\w./])(?:{'|'.join(ProjectSettings.model_fields)})(?:\.[a-z_]+)+(?![\w/])"
)
FILES = (
    "parquet",
    "json",
    "html",
    "md",
    "png",
    "yaml",
    "safetensors",
    "onnx",
    "is_",
    "decode",
    "predict",
)


def _words(path: Path) -> Iterator[str]:
    """Yield the strings of a module that are no documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


def test_every_setting_that_a_message_names_is_there() -> None:
    named = {
        found
        for path in sorted(Path(rodepil.__file__).parent.rglob("*.py"))
        for text in _words(path)
        for found in NAMED.findall(text)
        if not found.endswith(FILES)
    }
    assert {"curate.qp", "curate.fit", "imports.annotations.labels"} <= named
    for name in sorted(named):
        held: object = ProjectSettings()
        for part in name.split("."):
            assert hasattr(held, part), name
            held = getattr(held, part)

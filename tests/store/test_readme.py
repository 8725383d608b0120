"""The README's program runs as a script, as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.store.know.conftest import small


def test_the_readmes_program_runs(tmp_path: Path) -> None:
    small(tmp_path)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(from pathlib.*?)```", readme, re.DOTALL)
    (tmp_path / "look.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "look.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()  # 8 clips of 16 are trained on, a batch
    assert line.startswith("torch.Size([8, 8, 2, 3, 112, 112]) [")

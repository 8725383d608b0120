"""A stand-in for published weights: made once, gone on with where it was left, or left out.

Two files, whatever the network: its weights, and a record of what it has learned or why there is
none. The record is written last, so that it speaks of the weights that lie beside it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rodepil.io.files import write_json
from rodepil.train.checkpoint import CheckpointFolder


@dataclass(frozen=True)
class Learned:
    """A network that has learned.

    Attributes
    ----------
    write
        Writes its weights into a file.
    record
        What it has learned, and how well.
    """

    write: Callable[[Path], None]
    record: Mapping[str, object]


@dataclass(frozen=True)
class MadeOnce:
    """Where a stand-in lies.

    Attributes
    ----------
    file
        Its weights.
    record
        What it has learned, as JSON.
    origin
        What its weights are, in words.
    """

    file: Path
    record: Path
    origin: str

    def make(
        self,
        identity: str,
        checkpoints: Path,
        learn: Callable[[CheckpointFolder], Learned],
        told: Callable[[Mapping[str, object]], str],
    ) -> str:
        """Let it learn, unless that is done, and say what it has learned.

        Parameters
        ----------
        identity
            A hash of all that it hangs on: another one is made anew.
        checkpoints
            A folder from which learning goes on; removed at its end.
        learn
            Does it.
        told
            Says what a record holds.
        """
        if self.file.is_file() and self._read().get("id") == identity:
            return f"{self.file} is there already, {told(self._read())}"
        kept = CheckpointFolder(checkpoints)
        learned = learn(kept)
        self.record.unlink(missing_ok=True)
        learned.write(self.file)
        whole = {"made": True, "id": identity, "what": self.origin, **learned.record}
        write_json(self.record, whole)
        shutil.rmtree(kept.folder, ignore_errors=True)
        return f"{self.file}, {told(self._read())}"

    def leave_out(self, setting: str, value: str) -> str:
        """Say, in words and in the record, that none is wanted by a setting's value."""
        self.file.unlink(missing_ok=True)
        write_json(self.record, {"made": False, setting.rpartition(".")[2]: value})
        return f"no stand-in is wanted: {setting} is '{value}'"

    def _read(self) -> Mapping[str, object]:
        if not self.record.is_file():
            return {}
        record: dict[str, object] = json.loads(self.record.read_bytes())
        return record

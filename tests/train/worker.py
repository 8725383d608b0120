"""One worker of a trial with several: ``worker.py FOLDER RANK SIZE``, a process of its own.

It reads ``inputs.pt`` from the folder and writes ``outputs-RANK.pt`` beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from rodepil.store.clipset import ClipSet
from rodepil.train.trial import CheckpointFolder, TrialSettings, World, run_trial


def main(folder: Path, rank: int, size: int) -> None:
    """Join the others, run the trials of ``inputs.pt`` one after another."""
    inputs: dict[str, Any] = torch.load(folder / "inputs.pt", weights_only=True)
    dist.init_process_group(
        "gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=size
    )
    outputs = {}
    for name, trial in inputs.items():
        result = run_trial(
            TrialSettings.model_validate_json(trial["settings"]),
            ClipSet(**trial["training"]),
            ClipSet(**trial["testing"]),
            trial_id="0123456789abcdef",
            world=World(rank, size),
            checkpoints=CheckpointFolder(folder / trial["checkpoints"]),
            on_epoch=lambda _: None,
        )
        outputs[name] = {
            "history": [report.metrics for report in result.history],
            "predictions": result.predictions.to_pydict(),
            "model": result.model.state_dict(),
        }
    torch.save(outputs, folder / f"outputs-{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

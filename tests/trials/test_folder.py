"""A trial's folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rodepil.errors import TrialError
from rodepil.train.result import EpochReport
from rodepil.trials.folder import Finished, RunRecord, TrialFolder


def test_epoch_takes_the_place_of_itself_and_of_later_ones(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    for epoch in (0, 1, 2, 1):
        folder.add_epoch(EpochReport(epoch, {"loss": float(epoch)}))
    assert folder.history() == [EpochReport(0, {"loss": 0.0}), EpochReport(1, {"loss": 1.0})]


def test_finished_trial_drops_its_checkpoints_and_not_before(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    folder.checkpoints.latest.write_bytes(b"x")
    assert folder.finished() is None
    finished = Finished(trial_id="t", fold=1, metrics={"f1": 0.5}, seconds=2.0)
    folder.finish(finished)
    assert folder.finished() == finished
    assert not folder.checkpoints.latest.exists()


def test_run_takes_the_place_of_what_was_kept_under_its_id(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path)
    folder.write_run(RunRecord(run_id="a"))
    folder.write_run(RunRecord(run_id="b"))
    folder.write_run(RunRecord(run_id="a", complete="complete"))
    assert folder.runs() == [RunRecord(run_id="b"), RunRecord(run_id="a", complete="complete")]


def test_trial_is_held_by_one_process_until_it_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path;"
        "from rodepil.trials.folder import TrialFolder\n"
        "with TrialFolder(Path(sys.argv[1])).claimed():\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)"
    )
    folder = TrialFolder(tmp_path)
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(TrialError, match="is being trained by another process"),
            folder.claimed(patience_s=0.1),
        ):
            pytest.fail("two processes hold one trial")
        other.kill()
    with folder.claimed(patience_s=10.0):
        pass


def test_run_is_begun_under_one_key_until_its_id_is_kept(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path / "trial")
    key = folder.run_key()
    assert TrialFolder(tmp_path / "trial").run_key() == key
    folder.write_run(RunRecord(run_id="r"))
    assert folder.run_key() != key

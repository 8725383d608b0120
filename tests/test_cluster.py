"""Many items, one function: every item has an outcome, whatever becomes of the others.

The functions are the standard library's, because other processes must be able to import them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from rodepil.cluster import run_many

DIE = "__import__('os')._exit(9)"
OWN_PID = "__import__('os').getpid()"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_failing_item_leaves_its_error_and_the_rest_goes_on(processes: int) -> None:
    outcomes = {
        outcome.item: outcome for outcome in run_many(int, ["1", "x", "3"], processes=processes)
    }
    assert {item: outcome.result for item, outcome in outcomes.items()} == {
        "1": 1,
        "x": None,
        "3": 3,
    }
    assert isinstance(outcomes["x"].error, ValueError)
    assert "'x'" in str(outcomes["x"].error)
    assert outcomes["3"].error is None


def test_one_process_is_this_process() -> None:
    assert [outcome.result for outcome in run_many(eval, [OWN_PID] * 2, processes=1)] == [
        os.getpid()
    ] * 2


def test_two_processes_are_others() -> None:
    pids = {outcome.result for outcome in run_many(eval, [OWN_PID] * 4, processes=2)}
    assert os.getpid() not in pids


def test_a_dead_process_ends_with_an_error_not_a_hang() -> None:
    outcomes = list(run_many(eval, ["0", DIE, "2"], processes=2))
    assert sorted(outcome.item for outcome in outcomes) == sorted(["0", DIE, "2"])
    assert [outcome.error for outcome in outcomes if outcome.item == DIE] != [None]


def test_processes_have_the_environment_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = ["__import__('os').environ.get('RODEPIL_ASKED')"] * 2
    for value in ("one", "two", None):
        if value is None:
            monkeypatch.delenv("RODEPIL_ASKED")
        else:
            monkeypatch.setenv("RODEPIL_ASKED", value)
        outcomes = run_many(eval, ask, processes=2)
        assert [outcome.result for outcome in outcomes] == [value] * 2


def test_no_items_give_no_outcomes() -> None:
    assert list(run_many(int, [])) == []


def test_workers_end_when_their_parent_is_killed() -> None:
    code = (
        "import time; from rodepil.cluster import run_many\n"
        "if __name__ == '__main__': list(run_many(time.sleep, [60, 60], processes=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    family = psutil.Process(parent.pid)
    until = time.monotonic() + 30
    while len(workers := family.children(recursive=True)) < 4:  # forkserver, tracker, two workers
        assert time.monotonic() < until, "the workers did not start"
        time.sleep(0.2)
    time.sleep(1)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert alive == []

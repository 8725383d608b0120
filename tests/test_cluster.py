"""Many items, one function: every item has an outcome, whatever becomes of the others.

The functions are the standard library's, because other processes must be able to import them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rodepil.cluster import run_many
from rodepil.errors import WorkerDied

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


def test_one_process_is_this_process_also_where_there_is_a_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # nobody listens: to ask there would fail
    (outcome,) = run_many(eval, [OWN_PID], processes=1)
    assert outcome.result == os.getpid()


def test_two_processes_are_others() -> None:
    pids = {outcome.result for outcome in run_many(eval, [OWN_PID] * 4, processes=2)}
    assert os.getpid() not in pids


def test_a_dead_process_costs_only_the_item_that_kills_it_alone() -> None:
    # The first lasts until the second has killed the pool that both are in.
    items = ["__import__('time').sleep(1.5) or 0", DIE, "2", "3", "4"]
    outcomes = {outcome.item: outcome for outcome in run_many(eval, items, processes=2)}
    assert {outcome.result for item, outcome in outcomes.items() if item != DIE} == {0, 2, 3, 4}
    assert [item for item, outcome in outcomes.items() if outcome.error is not None] == [DIE]
    assert isinstance(outcomes[DIE].error, WorkerDied)
    assert "leave it out" in str(outcomes[DIE].error)


UNGUARDED = """
from rodepil.cluster import run_many
for outcome in run_many(abs, [-1, -2], processes=2):
    print(repr(outcome.result), outcome.error)
"""


def test_a_script_that_its_workers_run_again_is_told_the_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    body = UNGUARDED.replace("\n", "\n    ")
    for guard, told in (("", "below 'if __name__ == \"__main__\":'"), ("__main__", "")):
        script.write_text(f"if __name__.endswith('{guard}'):{body}pass\n")
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=False, timeout=60
        )
        lines = done.stdout.splitlines()
        assert len(lines) == 2
        assert all(told in line for line in lines)
        assert any(line.startswith("None ") for line in lines) is bool(told)


def _workers() -> set[psutil.Process]:
    """Return the processes that the forkserver has started: those below our own children."""
    children = psutil.Process().children(recursive=True)
    return {child for child in children if child.ppid() != os.getpid()}


def test_who_stops_reading_waits_for_no_worker() -> None:
    begun = time.monotonic()
    before = _workers()  # of other tests, such as Ray's
    outcomes = run_many(eval, ["1", *["__import__('time').sleep(60)"] * 3], processes=2)
    assert next(outcomes).result == 1
    workers = list(_workers() - before)
    assert len(workers) == 2
    outcomes.close()  # type: ignore[attr-defined]  # a generator
    assert time.monotonic() - begun < 20
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert alive == []


def test_an_interrupt_ends_the_workers_and_leaves_none() -> None:
    code = (
        "import time; from rodepil.cluster import run_many\n"
        "if __name__ == '__main__': list(run_many(time.sleep, [60, 60, 60], processes=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    family = psutil.Process(parent.pid)
    until = time.monotonic() + 30
    while len(workers := family.children(recursive=True)) < 4:  # forkserver, tracker, two workers
        assert time.monotonic() < until, "the workers did not start"
        time.sleep(0.2)
    time.sleep(1)
    parent.send_signal(signal.SIGINT)  # to the parent alone
    parent.communicate(timeout=15)
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert alive == []


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

"""Run a function over many items, here or on a Ray cluster: the one door to Ray tasks.

Without ``RAY_ADDRESS`` the items run in processes of this machine; with it, as tasks of that
cluster, unless one process is asked for. One item that fails leaves an outcome with its error, and
the rest goes on. Who stops reading outcomes stops the work: items that are not finished are left as
they are.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, Generic, TypeVar

from rodepil.errors import WorkerDied

Item = TypeVar("Item")
Result = TypeVar("Result")

DIED = (
    "the process that worked on it died, also alone; it may want more memory than there is. Free "
    "some, or leave it out"
)
DIED_AT_ONCE = (
    "every process died before anything was done. A script must start such work below "
    "'if __name__ == \"__main__\":', for each process reads the script again; if it does, there "
    "may be too little memory: free some"
)


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of one item: a result, or the error that it ended with."""

    item: Item
    result: Result | None
    error: Exception | None


def cpu_count() -> int:
    """Return the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_many(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    processes: int | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Yield the outcome of ``function(item)`` for every item, in the order they end.

    Parameters
    ----------
    function
        A function that can be pickled (of a module, or a partial of one).
    items
        What to run it on; picklable.
    processes
        Processes on this machine; by default one for each CPU. 1 runs in this process, also where
        there is a cluster.
    """
    if on_cluster(processes):
        yield from _on_ray(function, items)
    elif min(processes or cpu_count(), len(items)) <= 1:
        for item in items:
            yield _attempt(function, item)
    else:
        yield from _on_processes(function, items, min(processes or cpu_count(), len(items)))


def on_cluster(processes: int | None) -> bool:
    """Say whether `run_many` with so many processes runs on a Ray cluster."""
    return processes != 1 and bool(os.environ.get("RAY_ADDRESS"))


def _attempt(function: Callable[[Item], Result], item: Item) -> Outcome[Item, Result]:
    """Run one item and hold its error as a value, so that it can't end the batch."""
    try:
        return Outcome(item, function(item), None)
    except Exception as error:  # noqa: BLE001 - one bad item must not end the batch; the caller reports it
        return Outcome(item, None, error)


def _on_processes(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int
) -> Iterator[Outcome[Item, Result]]:
    """Run items side by side; those that were at work when a worker died run again, each alone."""
    left = list(items)
    done = False
    while left:
        before = len(left)
        died = yield from _in_pool(function, left, processes)
        done = done or before - len(left) > len(died)
        for item in died:
            alone = [item]
            if (yield from _in_pool(function, alone, 1)):
                yield Outcome(item, None, WorkerDied(DIED if done else DIED_AT_ONCE))
            else:
                done = True


def _in_pool(
    function: Callable[[Item], Result], left: list[Item], processes: int
) -> Generator[Outcome[Item, Result], None, list[Item]]:
    """Take items from the front of `left` until none is left or a worker dies.

    Returns
    -------
    list
        Those that were at work when one died.
    """
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    hears, says = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        min(processes, len(left)),
        mp_context=context,
        initializer=_begin,
        initargs=(dict(os.environ), hears),
    )
    at_work: dict[Future[Outcome[Item, Result]], Item] = {}
    try:
        while left or at_work:
            while left and len(at_work) < processes:
                at_work[pool.submit(_attempt, function, left[0])] = left[0]
                del left[0]
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                outcome = future.result()
                del at_work[future]
                yield outcome
    except BrokenProcessPool:
        return list(at_work.values())
    except BaseException:
        says.close()  # what workers did is noted, or it is not wanted: none waits for them
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        says.close()
        hears.close()
    return []


def _begin(environment: Mapping[str, str], driver: Connection) -> None:
    """Prepare a worker: what it is forked from has the environment of the first start of all."""
    os.environ.clear()
    os.environ.update(environment)
    _follow(driver)


def _follow(driver: Connection) -> None:
    """Let this worker end with the process that started it, or when that lets go of `driver`."""
    parent = multiprocessing.parent_process()
    ends: list[Connection | int] = [driver]
    if parent is not None:
        ends.append(parent.sentinel)

    def follow() -> None:
        wait_for(ends)
        os._exit(1)

    threading.Thread(target=follow, name="follow-parent", daemon=True).start()


def _on_ray(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Outcome[Item, Result]]:
    import ray  # noqa: PLC0415 - only a cluster needs Ray, and importing it takes seconds

    if not ray.is_initialized():
        ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)
    remote: Any = ray.remote(_attempt)
    waiting = {remote.remote(function, item): item for item in items}
    try:
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            item = waiting.pop(ready)
            try:
                outcome: Outcome[Item, Result] = ray.get(ready)
            except ray.exceptions.RayError as error:
                outcome = Outcome(item, None, error)
            yield outcome
    finally:
        for task in waiting:
            ray.cancel(task, force=True)

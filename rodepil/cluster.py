"""Run a function over many items, here or on a Ray cluster: the one door to Ray tasks.

Without ``RAY_ADDRESS`` the items run in processes of this machine; with it, as tasks of that
cluster. One item that fails leaves an outcome with its error, and the rest goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        Processes on this machine; by default one for each CPU. 1 runs in this process.
    """
    if os.environ.get("RAY_ADDRESS"):
        yield from _on_ray(function, items)
    elif min(processes or cpu_count(), len(items)) <= 1:
        for item in items:
            yield _attempt(function, item)
    else:
        yield from _on_processes(function, items, min(processes or cpu_count(), len(items)))


def _attempt(function: Callable[[Item], Result], item: Item) -> Outcome[Item, Result]:
    """Run one item and hold its error as a value, so that it can't end the batch."""
    try:
        return Outcome(item, function(item), None)
    except Exception as error:  # noqa: BLE001 - one bad item must not end the batch; the caller reports it
        return Outcome(item, None, error)


def _on_processes(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int
) -> Iterator[Outcome[Item, Result]]:
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin, initargs=(dict(os.environ),)
    )
    try:
        waiting: dict[Future[Outcome[Item, Result]], Item] = {
            pool.submit(_attempt, function, item): item for item in items
        }
        for future in as_completed(waiting):
            try:
                yield future.result()
            except BrokenProcessPool as error:
                yield Outcome(waiting[future], None, error)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(environment: Mapping[str, str]) -> None:
    """Prepare a worker: what it is forked from has the environment of the first start of all."""
    os.environ.clear()
    os.environ.update(environment)
    _follow_parent()


def _follow_parent() -> None:
    """Let this worker end with the process that started it, also when that is killed."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, name="follow-parent", daemon=True).start()


def _on_ray(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Outcome[Item, Result]]:
    import ray  # noqa: PLC0415 - only a cluster needs Ray, and importing it takes seconds

    if not ray.is_initialized():
        ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)
    remote: Any = ray.remote(_attempt)
    waiting = {remote.remote(function, item): item for item in items}
    while waiting:
        (ready,), _ = ray.wait(list(waiting), num_returns=1)
        item = waiting.pop(ready)
        try:
            outcome: Outcome[Item, Result] = ray.get(ready)
        except ray.exceptions.RayError as error:
            outcome = Outcome(item, None, error)
        yield outcome

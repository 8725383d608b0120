"""How many trials fit side by side, and how they are driven."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrialError
from rodepil.train.trial import TrialSettings
from rodepil.trials import launch
from rodepil.trials.launch import Share, side_by_side
from rodepil.trials.plan import Trial


def trials(count: int) -> list[Trial]:
    return [
        Trial(f"t{fold}", TrialSettings(fold=fold), Path("/nowhere"), (), ())
        for fold in range(count)
    ]


def no_glance(trial: Trial) -> None:
    del trial


@pytest.mark.parametrize(
    ("train", "resources", "slots"),
    [
        ({}, {"CPU": 2.0}, 2),
        ({"threads_per_worker": 2}, {"CPU": 5.0}, 2),
        ({"workers": 2, "threads_per_worker": 2}, {"CPU": 8.0}, 2),
        ({}, {"CPU": 16.0, "GPU": 4.0}, 4),
        ({"workers": 2}, {"CPU": 16.0, "GPU": 5.0}, 2),
        ({"device": "cpu"}, {"CPU": 3.0, "GPU": 1.0}, 3),
        ({"device": "cuda", "workers": 8}, {"CPU": 64.0, "GPU": 8.0}, 1),
    ],
)
def test_as_many_trials_run_as_fit_and_no_more(
    train: dict[str, object], resources: dict[str, float], slots: int
) -> None:
    share = Share.of(TrainSettings.model_validate(train), resources)
    assert share.slots(resources) == slots


def test_worker_takes_a_cpu_for_each_thread_and_a_gpu_where_there_are_any() -> None:
    settings = TrainSettings(workers=2, threads_per_worker=3)
    with_gpus = Share.of(settings, {"CPU": 8.0, "GPU": 2.0}).scaling()
    without = Share.of(settings, {"CPU": 8.0}).scaling()
    assert (with_gpus.num_workers, with_gpus.use_gpu) == (2, True)
    assert with_gpus.resources_per_worker == {"CPU": 3, "GPU": 1}
    assert (without.use_gpu, without.resources_per_worker) == (False, {"CPU": 3})


@pytest.mark.parametrize(
    ("train", "wanted"),
    [
        ({"workers": 3}, "3 workers with 1 CPUs and 0 GPUs each, but there are 2 CPUs and 0 GPUs"),
        ({"device": "cuda"}, "1 workers with 1 CPUs and 1 GPUs each"),
    ],
)
def test_more_than_there_is_is_an_error_with_the_remedy(
    train: dict[str, object], wanted: str
) -> None:
    with pytest.raises(TrialError, match=wanted) as caught:
        Share.of(TrainSettings.model_validate(train), {"CPU": 2.0})
    assert "train.workers" in str(caught.value)


def test_no_more_than_the_slots_run_at_once_and_all_run() -> None:
    lock, running, most, ran = threading.Lock(), 0, 0, []

    def run(trial: Trial) -> None:
        nonlocal running, most
        with lock:
            running, most = running + 1, max(most, running + 1)
        time.sleep(0.05)
        with lock:
            running -= 1
            ran.append(trial)

    ended = [trial for trial, error in side_by_side(trials(5), run, 2, no_glance) if not error]
    assert most == 2
    assert sorted(trial.id for trial in ended) == ["t0", "t1", "t2", "t3", "t4"]
    assert ran[0] in ended


def test_trial_that_fails_is_yielded_with_its_error_and_the_others_go_on() -> None:
    def run(trial: Trial) -> None:
        if trial.id == "t1":
            raise TrialError("no")

    ended = {trial.id: error for trial, error in side_by_side(trials(3), run, 1, no_glance)}
    assert {key: str(error) for key, error in ended.items() if error} == {"t1": "no"}
    assert list(ended) == ["t0", "t1", "t2"]


def test_fault_of_the_program_is_raised_and_nothing_more_begins() -> None:
    ran = []

    def run(trial: Trial) -> None:
        ran.append(trial.id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(trials(9), run, 1, no_glance))
    assert ran == ["t0"]


def test_glances_are_taken_by_the_caller_while_trials_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "GLANCE_S", 0.01)
    seen: list[tuple[str, int]] = []
    done = threading.Event()

    def glance(trial: Trial) -> None:
        seen.append((trial.id, threading.get_ident()))
        if len(seen) > 5:
            done.set()

    def run(trial: Trial) -> None:
        del trial
        assert done.wait(timeout=60)

    ended = list(side_by_side(trials(1), run, 1, glance))
    assert [error for _, error in ended] == [None]
    assert set(seen) == {("t0", threading.get_ident())}


def test_caller_that_stops_leaves_nothing_to_begin() -> None:
    ran = []

    def run(trial: Trial) -> None:
        ran.append(trial.id)
        time.sleep(0.1)

    ended = side_by_side(trials(100), run, 1, no_glance)
    next(ended)
    ended.close()
    time.sleep(0.5)
    begun = len(ran)
    time.sleep(0.5)
    assert len(ran) == begun < 100

"""How many trials fit side by side, and what each of them takes."""

from __future__ import annotations

import pytest

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrialError
from rodepil.trials.share import Share


@pytest.mark.parametrize(
    ("train", "resources", "gpus", "slots"),
    [
        ({}, {"CPU": 2.0}, None, 2),
        ({"threads_per_worker": 2}, {"CPU": 5.0}, None, 2),
        ({"workers": 2, "threads_per_worker": 2}, {"CPU": 8.0}, None, 2),
        ({}, {"CPU": 16.0, "GPU": 4.0}, None, 4),
        ({"workers": 2}, {"CPU": 16.0, "GPU": 5.0}, None, 2),
        ({"device": "cpu"}, {"CPU": 3.0, "GPU": 1.0}, None, 3),
        ({"device": "cuda", "workers": 8}, {"CPU": 64.0, "GPU": 8.0}, None, 1),
        ({}, {"CPU": 16.0, "GPU": 1.0}, 0.1, 10),
        ({"workers": 2}, {"CPU": 16.0, "GPU": 4.0}, 4.0, 1),
        ({}, {"CPU": 5.0, "GPU": 4.0}, 0.0, 5),
    ],
)
def test_as_many_trials_run_as_fit_and_no_more(
    train: dict[str, object], resources: dict[str, float], gpus: float | None, slots: int
) -> None:
    share = Share.of(TrainSettings.model_validate(train), [resources], gpus)
    assert share.slots([resources]) == slots


def test_worker_takes_a_cpu_for_each_thread_and_a_gpu_where_there_are_any() -> None:
    settings = TrainSettings(workers=2, threads_per_worker=3)
    with_gpus = Share.of(settings, [{"CPU": 8.0, "GPU": 2.0}]).scaling()
    without = Share.of(settings, [{"CPU": 8.0}]).scaling()
    assert (with_gpus.num_workers, with_gpus.use_gpu) == (2, True)
    assert with_gpus.resources_per_worker == {"CPU": 3, "GPU": 1}
    assert (without.use_gpu, without.resources_per_worker) == (False, {"CPU": 3})


def test_trial_of_one_worker_takes_all_in_its_own_process_and_one_of_several_none() -> None:
    there = [{"CPU": 8.0, "GPU": 2.0}]
    alone = Share.of(TrainSettings(threads_per_worker=3), there, 0.5)
    several = Share.of(TrainSettings(workers=2), there)
    assert alone.bundle() == {"CPU": 3, "GPU": 0.5}
    assert alone.scaling().num_workers == 0
    assert "CPU" not in several.bundle()
    assert "GPU" not in several.bundle()


@pytest.mark.parametrize(("workers", "gpus"), [(1, 1.5), (2, 3.0), (1, -1.0)])
def test_broken_number_of_gpus_above_one_is_refused(workers: int, gpus: float) -> None:
    with pytest.raises(TrialError, match="whole number, or a part of one GPU"):
        Share.of(TrainSettings(workers=workers), [{"CPU": 8.0, "GPU": 8.0}], gpus)


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
        Share.of(TrainSettings.model_validate(train), [{"CPU": 2.0}])
    assert "train.workers" in str(caught.value)


def test_worker_has_its_cpus_on_one_node() -> None:
    wide = TrainSettings(threads_per_worker=2)
    two = [{"CPU": 3.0}, {"CPU": 1.0}]
    assert Share.of(wide, two).slots(two) == 1
    with pytest.raises(TrialError, match="on 2 nodes, and a worker's are on one"):
        Share.of(wide, [{"CPU": 1.0}, {"CPU": 1.0}])
    several = TrainSettings(workers=2, threads_per_worker=2)
    assert Share.of(several, [{"CPU": 3.0}, {"CPU": 2.0}]).slots([{"CPU": 3.0}, {"CPU": 2.0}]) == 1

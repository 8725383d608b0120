"""A whole trial: it learns, it goes on where it stopped, and its controls are what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rodepil.errors import TrainingError
from rodepil.localize.localizer import Finder
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.localize.trial import (
    CheckpointFolder,
    EpochReport,
    LocalizeResult,
    World,
    run_trial,
)
from rodepil.scoring import mean_average_precision

Recipe = Callable[..., LocalizeTrialSettings]
Run = Callable[..., LocalizeResult]
Make = Callable[..., Sequences]


class Killed(Exception):
    """Stands for the end of a process."""


def numbers(result: LocalizeResult) -> list[dict[str, float]]:
    """Return the metrics of all epochs but their seconds."""
    return [
        {name: value for name, value in report.metrics.items() if name != "seconds"}
        for report in result.history
    ]


def assert_same(one: LocalizeResult, other: LocalizeResult) -> None:
    """Hold that two trials ended alike to the last bit."""
    mine, theirs = one.model.state_dict(), other.model.state_dict()
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        assert torch.equal(value, theirs[name]), name
    assert one.detections.equals(other.detections)
    assert numbers(one) == numbers(other)


def everything(folder: Path) -> dict[str, torch.Tensor]:
    """Return all tensors of a trial's last checkpoint: weights, loss, optimizer and average."""
    state = CheckpointFolder(folder).load()
    assert state is not None
    moments = {
        f"{number}.{name}": value
        for number, values in state.optimizer["state"].items()
        for name, value in values.items()
    }
    return state.model | {f"average.{k}": v for k, v in state.average.items()} | moments


@pytest.fixture(scope="module", name="learned")
def _learned(recipe: Recipe, run: Run, tmp_path_factory: pytest.TempPathFactory) -> list:
    """Train on true and on shuffled segments."""
    return [
        run(recipe(variant=name, epochs=6), tmp_path_factory.mktemp(name), clips=(40, 8))
        for name in ("raseformer", "shuffled")
    ]


def test_what_can_be_told_apart_is_localized_and_shuffled_labels_teach_little(learned: list):
    true, chance = learned
    assert true.scores.mean > 0.85
    assert chance.scores.mean < true.scores.mean / 2
    assert true.frames.accuracy > 0.85


def test_scores_are_those_of_the_detections_and_the_last_epochs(learned: list, made: Make):
    result = learned[0]
    truths = made(8, seed=2, side="testing").events(("others", "staring"))
    again = mean_average_precision(truths, result.detections)
    assert result.scores.mean == again.mean
    last = result.history[-1].metrics
    assert last["test_mean_map"] == again.mean
    assert last["test_map_0.5"] == again.by_threshold[2]
    assert last["test_frame_accuracy"] == result.frames.accuracy
    assert last["test_edit_score"] == result.frames.edit


def test_detections_come_from_the_average_that_the_trial_ends_with(
    recipe: Recipe, run: Run, made: Make, tmp_path: Path
):
    settings = recipe()
    result = run(settings, tmp_path)
    state = everything(tmp_path)
    for name, value in result.model.state_dict().items():
        assert torch.equal(value, state[f"average.module.{name}"])
    assert not torch.equal(
        state["average.module.class_head.out.weight"], state["network.class_head.out.weight"]
    )
    testing = made(6, seed=2, side="testing")
    finder = Finder(result.model, settings.segments, settings.grid, settings.labels)
    assert finder.find(testing.features, testing.durations_s, testing.ids).equals(result.detections)


@pytest.fixture(scope="module", name="whole")
def _whole(
    recipe: Recipe, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LocalizeTrialSettings, LocalizeResult, dict[str, torch.Tensor]]:
    """Run a trial that draws at random in one go; return settings, result and last state."""
    settings = recipe(ema_decay=0.6, network={"drop_path": 0.3, "dropout": 0.1})
    folder = tmp_path_factory.mktemp("whole")
    return settings, run(settings, folder), everything(folder)


@pytest.mark.parametrize("stop_after", range(3))
def test_a_stopped_trial_ends_with_the_same_bits(
    whole: tuple, run: Run, tmp_path: Path, stop_after: int
):
    settings, result, one = whole

    def kill(report: EpochReport) -> None:
        # The report comes before the checkpoint: this epoch is lost and done again.
        if report.epoch == stop_after:
            raise Killed

    with pytest.raises(Killed):
        run(settings, tmp_path / "stopped", on_epoch=kill)
    torch.rand(5)  # the process's own random state is no part of it
    seen: list[int] = []
    resumed = run(settings, tmp_path / "stopped", on_epoch=lambda report: seen.append(report.epoch))
    assert seen == list(range(stop_after, 3))
    assert_same(result, resumed)
    other = everything(tmp_path / "stopped")
    assert "loss.positives" in one
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_a_finished_trial_is_not_trained_again(recipe: Recipe, run: Run, tmp_path: Path):
    whole = run(recipe(epochs=1), tmp_path)

    def refuse(report: EpochReport) -> None:
        raise Killed(report)

    assert_same(whole, run(recipe(epochs=1), tmp_path, on_epoch=refuse))


def test_another_seed_is_another_trial(recipe: Recipe, run: Run, tmp_path: Path):
    one, other = (run(recipe(seed=seed, epochs=1), tmp_path / str(seed)) for seed in (0, 1))
    assert not one.detections.equals(other.detections)


def test_dense_is_the_model_with_keep_ratio_one(recipe: Recipe, run: Run, tmp_path: Path):
    dense = run(recipe(variant="dense", epochs=1), tmp_path / "dense")
    ratio = run(recipe(network={"keep_ratio": 1.0}, epochs=1), tmp_path / "ratio")
    salient = run(recipe(epochs=1), tmp_path / "salient")
    assert_same(dense, ratio)
    assert numbers(dense) != numbers(salient)
    assert dense.parameters == salient.parameters


def test_history_holds_the_curves_of_every_epoch(recipe: Recipe, run: Run, tmp_path: Path):
    settings = recipe(epochs=2, warmup_epochs=1, learning_rate=4e-3)
    result = run(settings, tmp_path)
    assert [report.epoch for report in result.history] == [0, 1, 2]
    for report in result.history:
        assert set(report.metrics) == {
            "train_loss", "class_loss", "boundary_loss", "gradient_norm", "learning_rate",
            "positives", "seconds", "test_mean_map", "test_map_0.3", "test_map_0.4",
            "test_map_0.5", "test_map_0.6", "test_map_0.7", "test_frame_accuracy",
            "test_edit_score",
        }  # fmt: skip
        whole = report.metrics["class_loss"] + report.metrics["boundary_loss"]
        assert report.metrics["train_loss"] == pytest.approx(whole, rel=1e-5)
    assert result.history[0].metrics["learning_rate"] == pytest.approx(4e-3)
    assert result.seconds == pytest.approx(sum(r.metrics["seconds"] for r in result.history))


def test_what_is_scored_less_often_learns_the_same(recipe: Recipe, run: Run, tmp_path: Path):
    always = run(recipe(epochs=4, warmup_epochs=1), tmp_path / "always")
    seldom = run(recipe(epochs=4, warmup_epochs=1, score_every=2), tmp_path / "seldom")
    for name, value in always.model.state_dict().items():
        assert torch.equal(value, seldom.model.state_dict()[name]), name
    assert always.detections.equals(seldom.detections)
    scored = [epoch for epoch in seldom.history if "test_mean_map" in epoch.metrics]
    assert [report.epoch for report in scored] == [1, 3, 4]
    for report in scored:
        told = always.history[report.epoch].metrics
        assert report.metrics | {"seconds": 0} == told | {"seconds": 0}


def test_seconds_are_those_of_the_clock(recipe: Recipe, made: Make, tmp_path: Path):
    ticks = iter(range(100))
    result = run_trial(
        recipe(epochs=1),
        made(4, seed=0, side="training"),
        made(2, seed=1, side="testing"),
        trial_id="ab",
        world=World(),
        checkpoints=CheckpointFolder(tmp_path),
        on_epoch=lambda _: None,
        clock=lambda: float(next(ticks)),
    )
    assert result.seconds == 2.0  # an epoch of warm-up and one after it


def test_checkpoints_of_another_trial_are_refused(recipe: Recipe, made: Make, tmp_path: Path):
    def go(trial_id: str) -> None:
        run_trial(
            recipe(epochs=1),
            made(4, seed=0, side="training"),
            made(2, seed=1, side="testing"),
            trial_id=trial_id,
            world=World(),
            checkpoints=CheckpointFolder(tmp_path),
            on_epoch=lambda _: None,
        )

    go("one")
    with pytest.raises(TrainingError, match="checkpoint of trial one, not of other; remove it"):
        go("other")


def test_a_device_out_of_memory_says_what_to_lower(recipe: Recipe, run: Run, tmp_path: Path):
    def full(report: EpochReport) -> None:
        raise torch.OutOfMemoryError(str(report.epoch))

    with pytest.raises(TrainingError, match=r"localize.train.batch_size 4; lower it.*bf16"):
        run(recipe(), tmp_path, on_epoch=full)


def test_long_clips_are_cropped_for_training_and_found_in_whole(
    recipe: Recipe, run: Run, made: Make, tmp_path: Path
):
    training, testing = (
        made(n, seed=n, side=side, steps=60) for n, side in ((30, "training"), (6, "testing"))
    )
    settings = recipe(epochs=6)
    result = run(settings, tmp_path, training=training, testing=testing)
    assert result.scores.mean > 0.7
    assert max(result.detections.column("end_s").to_pylist()) > 20.0

"""A whole trial: the same twice, the same after a stop, stopped by what can't go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from rodepil.config.settings import AugmentSettings
from rodepil.errors import ModelError, SubjectLeak, TrainingError
from rodepil.io import tables
from rodepil.store.clipset import ClipSet
from rodepil.train import course
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.metrics import measure
from rodepil.train.trial import EpochReport, TrialResult, TrialSettings

EPOCHS = 3

Recipe = Callable[..., TrialSettings]
Run = Callable[..., TrialResult]
Bars = Callable[..., ClipSet]


class Killed(Exception):
    """Stands for a kill at a chosen moment."""


def numbers(result: TrialResult) -> list[dict[str, float]]:
    """Return the history without the time that it took."""
    return [
        {name: value for name, value in report.metrics.items() if name != "seconds"}
        for report in result.history
    ]


def assert_same(one: TrialResult, other: TrialResult) -> None:
    """Compare two results to the last bit."""
    assert one.predictions.equals(other.predictions)
    assert numbers(one) == numbers(other)
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name


OPTIONS: dict[str, dict[str, Any]] = {
    "flow": {"modality": "flow"},
    "adamw": {"optimizer": "adamw"},
    "sgd": {"optimizer": "sgd"},
    "options": {
        "optimizer": "sgd",
        "nesterov": True,
        "ema_decay": 0.9,
        "batch_size": 2,
        "effective_batch": 8,
        "activation_checkpointing": True,
    },
}


@pytest.fixture(params=OPTIONS)
def busy(request: pytest.FixtureRequest, recipe: Recipe) -> TrialSettings:
    """Give a trial in which everything that draws numbers is on."""
    return recipe(
        **OPTIONS[request.param],
        mixup_alpha=0.4,
        augment=AugmentSettings(),
        epochs=EPOCHS,
    )


def test_two_runs_are_equal_to_the_last_bit(busy: TrialSettings, run: Run, tmp_path: Path):
    torch.manual_seed(1)
    one = run(busy, tmp_path / "one")
    torch.manual_seed(2)
    assert_same(one, run(busy, tmp_path / "other"))


def test_another_seed_is_another_trial(recipe: Recipe, run: Run, tmp_path: Path):
    one, other = (run(recipe(seed=seed), tmp_path / str(seed)) for seed in (0, 1))
    assert not one.predictions.equals(other.predictions)


@pytest.mark.parametrize("stop_after", range(EPOCHS))
def test_a_stopped_trial_ends_with_the_same_numbers(
    busy: TrialSettings, run: Run, tmp_path: Path, stop_after: int
):
    whole = run(busy, tmp_path / "whole")

    def kill(report: EpochReport) -> None:
        # The report comes before the checkpoint: this epoch is lost and done again.
        if report.epoch == stop_after:
            raise Killed

    with pytest.raises(Killed):
        run(busy, tmp_path / "stopped", on_epoch=kill)
    seen: list[int] = []
    resumed = run(busy, tmp_path / "stopped", on_epoch=lambda report: seen.append(report.epoch))
    assert seen == list(range(stop_after, EPOCHS))
    assert_same(whole, resumed)


def test_a_finished_trial_is_not_trained_again(busy: TrialSettings, run: Run, tmp_path: Path):
    whole = run(busy, tmp_path)

    def refuse(report: EpochReport) -> None:
        raise Killed(report)

    assert_same(whole, run(busy, tmp_path, on_epoch=refuse))


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Give this process two threads while the test runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_a_trial_sets_its_threads_and_leaves_the_process_as_it_was(
    recipe: Recipe, run: Run, tmp_path: Path
):
    torch.manual_seed(7)
    state = torch.get_rng_state()
    within: list[tuple[int, bool]] = []

    def look(_: EpochReport) -> None:
        within.append((torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()))

    run(recipe(epochs=1, threads_per_worker=1), tmp_path, on_epoch=look)
    assert within == [(1, True)]
    assert torch.get_num_threads() == 2
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_predictions_are_the_test_fold_in_its_order(
    recipe: Recipe, run: Run, moving_bars: Bars, tmp_path: Path
):
    result = run(recipe(epochs=1), tmp_path, clips=(8, 7))
    rows = tables.check("predictions", result.predictions).to_pydict()
    testing = moving_bars(7, seed=2, side="testing")
    assert rows["clip_id"] == list(testing.clip_ids)
    assert rows["subject_id"] == list(testing.subject_ids)
    assert rows["label"] == testing.labels.tolist()
    assert set(rows["run_id"]) == {"0123456789abcdef"}
    assert set(rows["fold"]) == {1}
    assert all(0 < score < 1 for score in rows["score"])


def test_history_holds_the_curves_of_every_epoch(recipe: Recipe, run: Run, tmp_path: Path):
    reports: list[EpochReport] = []
    result = run(recipe(), tmp_path, on_epoch=reports.append)
    assert reports == result.history
    assert [report.epoch for report in reports] == [0, 1, 2]
    last = reports[-1].metrics
    assert set(last) == {
        "train_loss", "gradient_norm", "learning_rate", "test_loss", "test_accuracy",
        "test_sensitivity", "test_specificity", "test_precision", "test_f1", "seconds",
    }  # fmt: skip
    assert [r.metrics["learning_rate"] for r in reports] == pytest.approx([2e-3, 2e-3, 2e-4])
    columns = result.predictions.to_pydict()
    assert last["test_f1"] == measure(columns["label"], columns["score"]).f1
    assert result.seconds == sum(report.metrics["seconds"] for report in reports)


def test_predictions_come_from_the_model_of_the_last_epoch(
    recipe: Recipe, run: Run, moving_bars: Bars, tmp_path: Path
):
    result = run(recipe(), tmp_path)
    testing = moving_bars(7, seed=2, side="testing")
    clips = (testing.frames.float() / 255 - 0.45) / 0.225
    with torch.inference_mode():
        scores = torch.softmax(result.model(clips), dim=1)[:, 1]
    torch.testing.assert_close(
        scores, torch.tensor(result.predictions["score"].to_pylist()), rtol=0, atol=1e-5
    )


def test_bf16_trains_and_keeps_its_weights_in_float32(recipe: Recipe, run: Run, tmp_path: Path):
    full, half = (run(recipe(precision=name), tmp_path / name) for name in ("fp32", "bf16"))
    assert all(value.dtype == torch.float32 for value in half.model.state_dict().values())
    assert numbers(half) != numbers(full)
    losses = [[epoch["train_loss"] for epoch in numbers(result)] for result in (full, half)]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.parametrize(("gathered", "steps"), [(None, 6), (8, 3)])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(
    recipe: Recipe, run: Run, tmp_path: Path, gathered: int | None, steps: int
):
    plain: dict[str, Any] = {"decay_epochs": (), "optimizer": "sgd", "effective_batch": gathered}
    good = run(recipe(epochs=1, **plain), tmp_path)
    wild = recipe(epochs=3, learning_rate=1e30, clip_norm=0.0, **plain)
    named = rf"is (nan|inf) in epoch 1, step [1-{steps - 1}] .*learning_rate"
    with pytest.raises(TrainingError, match=named):
        run(wild, tmp_path)
    kept = CheckpointFolder(tmp_path).load()
    assert kept is not None
    assert len(kept.history) == 1
    for name, value in good.model.state_dict().items():
        assert torch.equal(kept.model[name], value)
    assert_same(good, run(recipe(epochs=1, **plain), tmp_path))


def test_a_subject_on_both_sides_is_refused(recipe: Recipe, run: Run, tmp_path: Path):
    with pytest.raises(SubjectLeak, match="testing-rat-1"):
        run(recipe(), tmp_path, subject_ids=("testing-rat-1",) * 22)


def test_frames_that_do_not_fit_the_settings_are_refused(recipe: Recipe, run: Run, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"want uint8 of \(5, 3, 16, 16\)"):
        run(recipe(), tmp_path, frames=torch.zeros(22, 4, 3, 16, 16, dtype=torch.uint8))
    with pytest.raises(TrainingError, match="float32"):
        run(recipe(), tmp_path, frames=torch.zeros(22, 5, 3, 16, 16))


def test_an_empty_side_is_refused(recipe: Recipe, run: Run, tmp_path: Path):
    with pytest.raises(TrainingError, match="testing set of fold 1 is empty"):
        run(recipe(), tmp_path, clips=(8, 0))


def test_a_training_set_of_one_class_is_refused(recipe: Recipe, run: Run, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"\[22, 0\] clips by class"):
        run(recipe(), tmp_path, labels=torch.zeros(22, dtype=torch.int64))


def test_checkpoints_of_another_trial_are_refused(recipe: Recipe, run: Run, tmp_path: Path):
    run(recipe(epochs=1), tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    torch.save({**state, "trial_id": "another"}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="another"):
        run(recipe(epochs=1), tmp_path)


def test_a_device_out_of_memory_says_what_to_lower(
    recipe: Recipe, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def exhaust(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(course, "train_epoch", exhaust)  # only a GPU raises it
    with pytest.raises(TrainingError, match=r"train.batch_size 4 .*effective_batch to 4 "):
        run(recipe(), tmp_path)


def test_motion_is_learned_with_the_order_of_frames_and_not_without(
    recipe: Recipe, run: Run, still: AugmentSettings, tmp_path: Path
):
    settings = recipe(
        width=32,
        depth=1,
        drop_path=0.0,
        epochs=40,
        batch_size=16,
        learning_rate=1e-3,
        decay_epochs=(35,),
        augment=still,  # a flip would turn one label's motion into the other's
    )
    static = settings.model_copy(update={"control": "static"})
    last = {
        one.control: run(one, tmp_path / one.control, clips=(160, 60)).history[-1].metrics
        for one in (settings, static)
    }
    assert last["none"]["test_accuracy"] > 0.95
    assert last["static"]["test_accuracy"] < 0.7


def test_a_network_that_shall_start_from_weights_is_not_trained_without_them(
    recipe: Recipe, run: Run, tmp_path: Path
):
    plain = recipe()
    model = plain.model.model_copy(update={"pretrained": "kinetics"})
    with pytest.raises(ModelError, match="pretrained is 'kinetics' and of weights none are given"):
        run(plain.model_copy(update={"model": model}), tmp_path)


def test_motion_is_normalised_by_what_the_training_clips_show(
    recipe: Recipe, run: Run, tmp_path: Path
):
    # Every frame is 10 levels lighter than the one before; the test clips change otherwise.
    steps = torch.arange(5).view(1, 5, 1, 1, 1) * 10
    lighter = (50 + steps).expand(22, 5, 3, 16, 16).to(torch.uint8)
    result = run(recipe(modality="absdiff", epochs=1), tmp_path, frames=lighter)
    assert result.mean == pytest.approx((10 / 255,) * 3)
    assert result.std == pytest.approx((1 / 255,) * 3)


def test_a_trial_of_flow_computes_with_several_threads(recipe: Recipe, run: Run, tmp_path: Path):
    one, two = (
        run(recipe(modality="flow", epochs=1, threads_per_worker=threads), tmp_path / str(threads))
        for threads in (1, 2)
    )
    assert two.mean == pytest.approx(one.mean, rel=1e-5)

"""The models of a row as a registered model, loaded by MLflow's own client elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import mlflow
import numpy as np
import pytest
import torch
from mlflow import MlflowClient

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.detect.clips import predict_clips
from rodepil.errors import ModelError, TrackingError
from rodepil.io.video_write import write_clip
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.served import model_name, publish_champion
from rodepil.track.journal import Journal
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.relay import Relay
from tests.track.server import Nursery, Server

FEATURES = FeatureSettings(frames=4, size_px=32)
MODEL = ModelSettings(width=24, depth=2, heads=2, patch_px=8)
NAME = "rodepil-ablation"

LOAD = """
import json, sys
import mlflow
import pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/rodepil-ablation@champion")
found = model.predict(pd.DataFrame({"path": sys.argv[2:]}))
assert list(found.columns) == ["path", "score", "label", "error"], found
foreign = sorted({"ray", "matplotlib", "typer"} & set(sys.modules))
print(json.dumps({"rows": found.to_dict("records"), "foreign": foreign}))
"""


def write_model(path: Path, seed: int, **changes: object) -> Path:
    """Write a network all of whose weights matter."""
    model = build(MODEL, FEATURES, classes=2, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                scale = 3 / parameter[0].numel() ** 0.5
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    card = ModelCard(model=MODEL, features=FEATURES, data="noise", trial_id=f"trial-{seed}")
    save_model(path, model.eval(), card.model_copy(update=changes))
    return path


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of three finished trials."""
    root = tmp_path_factory.mktemp("trials")
    return [write_model(root / f"t{n}" / "model.safetensors", n).parent for n in range(3)]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("clips")
    for number in range(5):
        frames = np.random.default_rng(number).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
        write_clip(root / f"{number}.avi", frames, 30)
    return sorted(root.iterdir())


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> MlflowTracker:
    home = tmp_path_factory.mktemp("mlflow")
    return MlflowTracker.open("sqlite:///mlflow.db", "rodepil/ablation", folder=home)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that loads the champion in a process of its own, and scores clips."""

    def run(uri: str, *paths: Path) -> dict[str, Any]:
        command = [sys.executable, "-c", LOAD, uri, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told

    return run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server that was not started yet."""
    nursery = Nursery(tmp_path / "server.log")
    nursery.ready()
    server = Server(tmp_path, nursery)
    yield server
    server.kill()
    nursery.close()


def ended_run(tracker: MlflowTracker | Relay) -> str:
    run = tracker.start("rgb-224-16-sgd-kinetics")
    run.end()
    return run.id


def own_means(trials: list[Path], clips: list[Path]) -> list[float]:
    """Return the mean of what each model says alone."""
    alone = [predict_clips(clips, trial, device="cpu")["score"].to_pylist() for trial in trials]
    return [fmean(scores) for scores in zip(*alone, strict=True)]


def test_mlflow_loads_the_champion_and_scores_as_the_mean_of_its_models(
    tracker: MlflowTracker,
    trials: list[Path],
    clips: list[Path],
    load: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    uri, run_id = mlflow.get_tracking_uri(), ended_run(tracker)
    address = publish_champion(trials, NAME, run_id, tracker, "# The best row")
    assert address == "models:/rodepil-ablation@champion"
    assert (mlflow.get_tracking_uri(), mlflow.active_run()) == (uri, None)
    client = MlflowClient(tracker.uri)
    assert client.get_run(run_id).info.status == "FINISHED"
    version = client.get_model_version_by_alias(NAME, "champion")
    assert (version.run_id, version.description) == (run_id, "# The best row")
    files = list(Path(version.source.removeprefix("file://")).rglob("*.*"))
    assert sorted(path.name for path in files if path.suffix == ".safetensors") == [
        "model_0.safetensors", "model_1.safetensors", "model_2.safetensors"
    ]  # fmt: skip
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".pt"}]

    torn = tmp_path / "torn.avi"
    torn.write_bytes(b"RIFF")
    told = load(tracker.uri, *clips, torn)
    *rows, last = told["rows"]
    wanted = own_means(trials, clips)
    assert [row["path"] for row in rows] == [clip.as_posix() for clip in clips]
    assert [row["score"] for row in rows] == pytest.approx(wanted, rel=1e-6)
    assert max(wanted) - min(wanted) > 0.01
    assert [row["label"] for row in rows] == [
        "seizure" if score >= 0.5 else "normal" for score in wanted
    ]
    assert (last["label"], last["score"]) == (None, pytest.approx(float("nan"), nan_ok=True))
    assert "torn.avi" in last["error"]
    assert told["foreign"] == []


def test_same_models_make_no_second_version_and_the_alias_follows_the_best(
    tracker: MlflowTracker, trials: list[Path]
) -> None:
    client, name = MlflowClient(tracker.uri), "twice"
    first, second = ended_run(tracker), ended_run(tracker)

    def versions() -> dict[str, str]:
        found = client.search_model_versions(f"name='{name}'")
        return {str(one.version): one.run_id for one in found}

    publish_champion(trials, name, first, tracker, "of three")
    publish_champion(trials, name, first, tracker, "of three, as before")
    assert versions() == {"1": first}
    assert client.get_model_version(name, "1").description == "of three, as before"
    publish_champion(trials[:2], name, second, tracker, "of two")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "2"
    publish_champion(trials, name, first, tracker, "of three")
    assert versions() == {"1": first, "2": second}
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"


def test_champion_of_a_server_that_was_away_is_there_when_it_is_back(
    server: Server,
    trials: list[Path],
    clips: list[Path],
    load: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    opener = lambda: MlflowTracker.open(server.uri, "rodepil/ablation", folder=tmp_path)  # noqa: E731
    said: list[str] = []
    relay = Relay(Journal(tmp_path / "journal"), [opener], said.append, 0.0)
    run_id = ended_run(relay)
    assert publish_champion(trials, NAME, run_id, relay, "best").endswith("@champion")
    assert len(said) == 1
    server.start()
    relay.start("another row").end()
    told = load(server.uri, *clips)
    assert [row["score"] for row in told["rows"]] == pytest.approx(
        own_means(trials, clips), rel=1e-6
    )


def test_experiment_gives_a_name_that_a_registry_takes(trials: list[Path], tmp_path: Path) -> None:
    assert model_name("rodepil/ablation") == NAME
    journal = Journal(tmp_path / "journal")
    run_id = journal.start("row").id
    name = model_name("lab: rodepil/ rats")
    assert publish_champion(trials, name, run_id, journal, "") == f"models:/{name}@champion"
    with pytest.raises(TrackingError, match="can't be registered"):
        publish_champion(trials, "a/b", run_id, journal, "")


def test_models_that_are_missing_or_do_not_fit_together_are_errors(
    trials: list[Path], tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    run_id = journal.start("row").id
    other = write_model(tmp_path / "other.safetensors", 9, threshold=0.3)
    for models, said in (
        ([], "no model was given"),
        ([tmp_path / "gone"], "no model at"),
        ([*trials, other], r"can't score together: their threshold are 0.5 and 0.3"),
    ):
        with pytest.raises(ModelError, match=said):
            publish_champion(models, NAME, run_id, journal, "")
    assert [event["kind"] for event in journal.events(run_id)] == ["start"]

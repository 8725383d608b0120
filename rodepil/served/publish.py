"""Register the best row of a grid as a model that MLflow's own client loads.

The folder that MLflow keeps is made here, on this machine and without asking anyone: the folds'
networks as safetensors, the file that loads them, what it takes and gives, and what to install.
MLflow's global state, its address and its active run, is left alone.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/model/models-from-code/
"""

from __future__ import annotations

import re
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from rodepil.detect.committee import check_together, model_file
from rodepil.errors import ModelError
from rodepil.io.files import link_or_copy, sha256_file, short_hash, unwritable
from rodepil.models.card import ModelCard, read_card
from rodepil.track import Tracker
from rodepil.track.registration import Registration

ALIAS = "champion"
SCRATCH = ".champion-"
STALE_S = 24 * 3600.0
CODE = Path(__file__).with_name("champion.py")
CONFIG = {"device": "auto", "batch_size": 16}
PACKAGES = ("rodepil", "torch", "pandas")
"""What the model needs beside MLflow; the first brings the rest."""

DIGITS = 32


def model_name(experiment: str) -> str:
    """Return what the model of an experiment is registered as.

    >>> model_name("rodepil/ablation")
    'rodepil-ablation'
    """
    return re.sub(r"[^\w.-]+", "-", experiment)


def publish_champion(
    models: Sequence[Path], name: str, run_id: str, tracker: Tracker, description: str
) -> str:
    """Register the models of a row's folds together, as the champion of their name.

    Models that are registered already get no second version; the alias moves to the one they have.

    Parameters
    ----------
    models
        Files that rodepil wrote, or folders of finished trials; at least one, in order of folds.
    name
        What to register as; see `model_name`.
    run_id
        The row's run.
    tracker
        Who is told.
    description
        Markdown.

    Returns
    -------
    str
        The address that MLflow loads it from, for example ``models:/rodepil-ablation@champion``.

    Raises
    ------
    ModelError
        A model is missing, or two do not fit together.
    TrackingError
        The tracker refuses.
    """
    cards = _cards(models)
    check_together(cards)
    held = [sha256_file(path) for path in cards]
    parts = [*held, sha256_file(CODE), CONFIG, version("rodepil")]
    digest = short_hash(parts, digits=DIGITS)
    registration = Registration(
        name=name,
        alias=ALIAS,
        digest=digest,
        description=description,
        files=partial(_folder, cards),
    )
    tracker.register(run_id, registration)
    return f"models:/{registration}"


def _cards(models: Sequence[Path]) -> dict[Path, ModelCard]:
    """Return each model's card by its file."""
    cards = {}
    for path in map(model_file, models):
        card = read_card(path)
        if card is None:
            raise ModelError(f"{path} holds no card; give a model that rodepil wrote")
        cards[path] = card
    return cards


@contextmanager
def _folder(cards: Mapping[Path, ModelCard]) -> Iterator[Path]:
    """Yield a folder that MLflow loads, as long as the block lasts.

    It stands beside the trials, where there is room for networks.
    """
    beside = next(iter(cards)).parent.parent
    for stale in beside.glob(f"{SCRATCH}*"):
        if time.time() - stale.stat().st_mtime > STALE_S:
            shutil.rmtree(stale, ignore_errors=True)  # of a process that was killed
    try:
        scratch_folder = TemporaryDirectory(prefix=SCRATCH, dir=beside)
    except OSError as error:
        raise ModelError(unwritable(beside, error)) from error
    with scratch_folder as scratch:
        staged = Path(scratch, "from")
        staged.mkdir()
        shutil.copyfile(CODE, staged / CODE.name)
        for number, file in enumerate(cards):
            link_or_copy(file, staged / f"model_{number}.safetensors")
        folder = Path(scratch, "model")
        _save(staged, folder, _metadata(list(cards.values())))
        for file in staged.glob("*.safetensors"):
            file.replace(folder / "artifacts" / file.name)  # MLflow's copy would take room again
        yield folder


def _save(staged: Path, folder: Path, metadata: Mapping[str, object]) -> None:
    """Write the folder; what MLflow warns of is the type hints of its own classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.models import ModelSignature  # noqa: PLC0415 - takes seconds
        from mlflow.pyfunc import save_model  # noqa: PLC0415
        from mlflow.types import ColSpec, DataType, Schema  # noqa: PLC0415

        path = ColSpec(DataType.string, "path")
        score = ColSpec(DataType.double, "score", required=False)
        words = [ColSpec(DataType.string, name, required=False) for name in ("label", "error")]
        save_model(
            folder,
            python_model=staged / CODE.name,
            artifacts={file.stem: file.as_posix() for file in staged.glob("*.safetensors")},
            input_example=pd.DataFrame({"path": ["clip.mp4"]}),
            signature=ModelSignature(Schema([path]), Schema([path, score, *words])),
            pip_requirements=_requirements(),
            model_config=CONFIG,
            metadata=metadata,
        )


def _metadata(cards: Sequence[ModelCard]) -> dict[str, object]:
    """Return what stands in MLmodel of what the networks learned from and see."""
    return {
        "data": cards[0].data,
        "modality": cards[0].modality,
        "view": cards[0].features.model_dump(mode="json"),
        "trials": [card.trial_id for card in cards],
    }


def _requirements() -> list[str]:
    return [f"{name}=={version(name)}" for name in PACKAGES]

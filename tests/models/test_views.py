"""Views that a network makes, held against Hugging Face's network on frames cut by hand."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.data.split import split_by_fold
from rodepil.errors import ModelError, SettingError, SubjectLeak
from rodepil.io import tables
from rodepil.io.clip_frames import ClipSpan, clip_frames
from rodepil.models import extract, registry
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.models.views import EmbeddingView, SequenceView
from rodepil.models.weights import convert, load, write_official
from rodepil.models.weights.note import WeightsNote
from rodepil.store import FeatureStore, FrameView
from rodepil.store.decode import decode_one
from rodepil.store.views.registry import make_view
from tests.store.conftest import ClipFolder, Video, encode, noise

MODEL = ModelSettings(width=24, depth=2, heads=3, patch_px=8)
FEATURES = FeatureSettings(frames=4, size_px=16)
MEAN, STD = (0.1, 0.2, 0.3), (0.5, 0.25, 0.125)
FRAMES = FrameView(frames=4, size_px=16)
Reference = Any


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Load every network anew: a test counts what is loaded."""
    yield
    extract.extractor.cache_clear()
    extract.recipe_of.cache_clear()


@pytest.fixture
def network(randomize: Any) -> nn.Module:
    model = build(MODEL, FEATURES)
    randomize(model)
    return model.eval()


def write(path: Path, network: nn.Module, **changes: Any) -> Path:
    """Write a trained network that learned from rat0 and rat1."""
    card = {"model": MODEL, "features": FEATURES, "mean": MEAN, "std": STD, "data": "simulated"}
    card |= {"trial_id": "t1", "learned_from": ("rat0", "rat1")} | changes
    save_model(path, network, ModelCard(**card))
    return path


@pytest.fixture
def file(tmp_path: Path, network: nn.Module) -> Path:
    return write(tmp_path / "model.safetensors", network)


@pytest.fixture
def reference(network: nn.Module, hugging_face: Any) -> Reference:
    """Return what Hugging Face's network holds in CLS of chosen frames after its last norm."""
    theirs = hugging_face.twin(network, MODEL).timesformer

    def cls(video: Video, numbers: list[int]) -> npt.NDArray[np.float32]:
        chosen = [
            cv2.resize(video[number], (16, 16), interpolation=cv2.INTER_AREA) for number in numbers
        ]
        normal = (np.stack(chosen).astype(np.float32) / 255 - MEAN) / STD
        clip = torch.from_numpy(normal.transpose(0, 3, 1, 2).astype(np.float32))[None]
        with torch.no_grad():
            out: npt.NDArray[np.float32] = theirs(clip).last_hidden_state[0, 0].numpy()
        return out

    return cls


def clip(tmp_path: Path, frames: int, seed: int = 0) -> tuple[Path, Video]:
    """Encode a clip without loss."""
    video = noise(seed, frames)
    encode(tmp_path / f"clip{seed}.avi", video)
    return tmp_path / f"clip{seed}.avi", video


def test_an_embedding_is_cls_after_the_last_norm(tmp_path: Path, file: Path, reference: Reference):
    path, video = clip(tmp_path, 30)
    row = decode_one(path, EmbeddingView(model=str(file), device="cpu"))
    assert row["embedding"].dtype == np.float32
    # centres of four parts of 7.5 frames: 3.75, 11.25, 18.75, 26.25
    expected = reference(video, [3, 11, 18, 26])
    np.testing.assert_allclose(row["embedding"], expected, atol=2e-5)


def test_a_sequence_is_the_features_of_every_window_that_fits(
    tmp_path: Path, file: Path, reference: Reference
):
    path, video = clip(tmp_path, 30)
    view = SequenceView(model=str(file), window_frames=8, stride_frames=5, device="cpu")
    made = decode_one(path, view)["sequence"]
    starts = [0, 5, 10, 15, 20]  # 25 would end at 33
    expected = [reference(video, [start + part for part in (1, 3, 5, 7)]) for start in starts]
    np.testing.assert_allclose(made, np.stack(expected), atol=2e-5)
    wide = view.model_copy(update={"stride_frames": 20})
    np.testing.assert_array_equal(decode_one(path, wide)["sequence"], made[[0, 4]])


@pytest.mark.parametrize(("frames", "numbers"), [(6, [0, 2, 3, 5]), (1, [0, 0, 0, 0])])
def test_a_clip_shorter_than_a_window_is_one_window(
    tmp_path: Path, file: Path, reference: Reference, frames: int, numbers: list[int]
):
    path, video = clip(tmp_path, frames)
    view = SequenceView(model=str(file), window_frames=8, device="cpu")
    made = decode_one(path, view)["sequence"]
    np.testing.assert_allclose(made, [reference(video, numbers)], atol=2e-5)


def test_no_more_frames_are_held_than_a_window_takes(tmp_path: Path, file: Path):
    path, _ = clip(tmp_path, 200)
    view = SequenceView(model=str(file), window_frames=8, stride_frames=2, device="cpu")
    tap = view.tap(ClipSpan(200, Fraction(30)))
    held, made = [], []
    for frame in clip_frames(path):
        tap.add(frame)
        held.append(len(tap._held))
        made.append(len(tap._made))
    assert max(held) <= 8
    assert made[:12] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3]
    assert len(tap.finish()["sequence"]) == 97


def test_the_same_key_gives_the_same_bytes(tmp_path: Path, file: Path):
    folder = ClipFolder(tmp_path / "data")
    for number in range(6):
        folder.add(number, noise(number))
    views = [
        FRAMES,
        EmbeddingView(model=str(file), device="cpu"),
        SequenceView(model=str(file), window_frames=10, device="cpu"),
    ]
    threads, stored = torch.get_num_threads(), []
    for name, processes, many in (("one", 1, 1), ("two", 1, 4), ("three", 2, 1)):
        torch.set_num_threads(many)
        store = FeatureStore(tmp_path / name, shard_clips=2)
        summary = store.materialize(views, folder.manifest, processes=processes)
        assert summary.computed == {"frames": 6, "embedding": 6, "sequence": 6}
        assert torch.get_num_threads() == many  # left as it was
        stored.append(
            {p.name: p.read_bytes() for p in (tmp_path / name).rglob("*.arrow") if p.is_file()}
        )
    torch.set_num_threads(threads)
    assert len(stored[0]) == 9
    assert stored[0] == stored[1] == stored[2]
    table = store.read("sequence", ["c003", "c004"])
    assert [len(row) for row in table.column("sequence").to_pylist()] == [6 * 24, 6 * 24]


def test_one_decode_and_one_load_serve_all_views(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = ClipFolder(tmp_path / "data")
    for number in range(4):
        folder.add(number, noise(number))
    opened: list[str] = []
    opens, loads = av.open, extract.load_model
    monkeypatch.setattr(av, "open", lambda f, *r, **n: (opened.append(f), opens(f, *r, **n))[1])
    monkeypatch.setattr(extract, "load_model", lambda p: (opened.append("network"), loads(p))[1])
    views = [FRAMES, EmbeddingView(model=str(file)), SequenceView(model=str(file))]
    views += [EmbeddingView(model=str(file), name="again")]
    FeatureStore(tmp_path / "store").materialize(views, folder.manifest, processes=1)
    assert sorted(Path(each).stem for each in opened) == ["c000", "c001", "c002", "c003", "network"]


def travelled(view: EmbeddingView) -> EmbeddingView:
    """Return a view as a worker has it."""
    there: EmbeddingView = pickle.loads(pickle.dumps(view))  # noqa: S301 - what was just written
    return there


def test_a_view_travels_without_its_network(file: Path):
    view = EmbeddingView(model=str(file))
    view.extractor()
    there = travelled(view)
    assert len(pickle.dumps(view)) < 2000
    assert there.identity() == view.identity()
    assert there.origin == view.origin


def test_a_network_is_known_by_its_content_and_not_by_its_place(
    tmp_path: Path, file: Path, network: nn.Module, randomize: Any
):
    view = EmbeddingView(model=str(file))
    copy = shutil.copy(file, tmp_path / "copy.safetensors")
    same = [EmbeddingView(model=str(copy)), EmbeddingView(model=str(file), device="cpu", name="x")]
    assert {one.identity() for one in same} == {view.identity()}
    randomize(network, seed=1)
    assert EmbeddingView(model=str(shutil.copy(copy, tmp_path / "other.bin"))).recipe == view.recipe
    others = [
        EmbeddingView(model=str(write(tmp_path / "other.safetensors", network))),
        EmbeddingView(model=str(file), frames=4),
        SequenceView(model=str(file)),
        SequenceView(model=str(file), window_frames=8),
        SequenceView(model=str(file), stride_frames=8),
    ]
    assert len({one.identity() for one in [view, *others]}) == 6
    assert view.settings == {"frames": None, "size_px": None}
    assert "+" not in view.made_with()


def test_a_network_replaced_after_planning_is_refused(
    tmp_path: Path, file: Path, network: nn.Module, randomize: Any
):
    path, _ = clip(tmp_path, 30)
    view = EmbeddingView(model=str(file))
    view.identity()
    randomize(network, seed=1)
    write(file, network)
    with pytest.raises(ModelError, match=r"model\.safetensors was replaced since .* run the comm"):
        decode_one(path, travelled(view))


@pytest.mark.parametrize("wrong", ["file", "device"])
def test_a_network_that_does_not_load_is_told_before_clips_are_decoded(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
):
    folder = ClipFolder(tmp_path / "data")
    (folder.root / "clips").mkdir(parents=True)
    folder.add(0, noise(0, 8)).unlink()  # whoever looks for the clip first says something else
    store = FeatureStore(tmp_path / "store")
    if wrong == "file":
        file.write_bytes(file.read_bytes()[:-100])
        view, says = EmbeddingView(model=str(file), device="cpu"), r"model\.safetensors"
    else:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        view, says = EmbeddingView(model=str(file), device="cuda"), "device 'cuda' is not there"
    with pytest.raises(ModelError, match=says):
        store.materialize([FRAMES, view], folder.manifest, processes=1)
    assert not (tmp_path / "store").exists()


def splits(folder: ClipFolder, fold: int) -> Any:
    """Test rat<fold> and train on the others."""
    rows = [
        {"clip_id": row["clip_id"], "subject_id": row["subject_id"], "fold": int(subject[-1])}
        for row in folder.rows.values()
        for subject in [str(row["subject_id"])]
    ]
    return split_by_fold(folder.clips, tables.from_rows("folds", rows), fold)


def test_subjects_that_a_network_knows_are_not_tested_with_it(
    tmp_path: Path, file: Path, network: nn.Module
):
    folder = ClipFolder(tmp_path / "data")
    for number in range(8):
        folder.add(number, noise(number, 8))
    view = EmbeddingView(model=str(file))
    store = FeatureStore(tmp_path / "store")
    store.materialize([view], folder.manifest, processes=1)
    with pytest.raises(SubjectLeak, match=r"learned from subjects \['rat1'\].*fold 1 tests"):
        store.dataset(view, splits(folder, 1))
    unseen = store.dataset(view, splits(folder, 3), "test")
    assert set(unseen.subject_ids) == {"rat3"}
    assert unseen.resident().frames.shape == (2, 24)
    silent = EmbeddingView(
        model=str(write(tmp_path / "old.safetensors", network, learned_from=None))
    )
    store.materialize([silent], folder.manifest, processes=1)
    with pytest.raises(SubjectLeak, match="does not say whose clips it learned from"):
        store.dataset(silent, splits(folder, 3))


def test_pretrained_weights_are_fitted_to_what_the_view_says(
    tmp_path: Path, network: nn.Module, reference: Reference
):
    file = tmp_path / "weights.pyth"
    note = WeightsNote(heads=3, mean=MEAN, std=STD, learned_from=())
    write_official(file, network.state_dict(), note)
    path, video = clip(tmp_path, 30)
    own = EmbeddingView(model=str(file), device="cpu")
    expected = reference(video, [3, 11, 18, 26])
    np.testing.assert_allclose(decode_one(path, own)["embedding"], expected, atol=2e-5)
    assert own.learned_from() == frozenset()
    fitted = EmbeddingView(model=str(file), frames=6, size_px=32)
    assert (fitted.recipe.features.frames, fitted.recipe.features.size_px) == (6, 32)
    assert decode_one(path, fitted)["embedding"].shape == (24,)


def test_what_weights_learned_from_stays_with_them_in_other_formats(tmp_path: Path, file: Path):
    for target, name in (("official", "a.pyth"), ("hugging_face", "b"), ("rodepil", "c.st")):
        convert(load(file), tmp_path / name, target)
        view = EmbeddingView(model=str(tmp_path / name))
        assert view.learned_from() == {"rat0", "rat1"}, target


def test_weights_that_say_nothing_are_not_taken_for_ones_that_learned_elsewhere(
    tmp_path: Path, network: nn.Module
):
    before = WeightsNote(heads=3).model_dump_json()
    assert "learned_from" not in before  # as in files that were converted before there was a field
    state = network.state_dict()
    write_official(tmp_path / "old.pyth", state, WeightsNote.model_validate_json(before))
    write_official(tmp_path / "stand_in.pyth", state, WeightsNote(heads=3, learned_from=()))
    published = tmp_path / "TimeSformer_divST_8x32_224_K400.pyth"
    for path in (published, tmp_path / "checkpoint.pyth"):
        write_official(path, state)
    known = {path.stem: load(path).note.learned_from for path in tmp_path.glob("*.pyth")}
    assert known == {"old": None, "checkpoint": None, "stand_in": (), published.stem: ()}
    convert(load(published), tmp_path / "converted.st", "rodepil", heads=3)
    assert load(tmp_path / "converted.st").note.learned_from == ()
    published.unlink()
    write_official(published, state, WeightsNote.model_validate_json(before))
    assert load(published).note.learned_from is None  # what rodepil wrote is not the published file
    with pytest.raises(SubjectLeak, match="does not say whose clips it learned from"):
        EmbeddingView(model=str(tmp_path / "old.pyth")).learned_from()


def test_a_control_is_shown_the_still_clip_that_it_knows(
    tmp_path: Path, network: nn.Module, reference: Reference
):
    file = write(tmp_path / "still.safetensors", network, control="static")
    path, video = clip(tmp_path, 30)
    row = decode_one(path, EmbeddingView(model=str(file), device="cpu"))
    np.testing.assert_allclose(row["embedding"], reference(video, [18] * 4), atol=2e-5)


def test_models_are_named_from_the_projects_folder(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    trial = tmp_path / "project" / "results" / "trials" / "abc123"
    trial.mkdir(parents=True)
    shutil.copy(file, trial / "model.safetensors")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for name in ("abc123", "results/trials/abc123", "results/trials/abc123/model.safetensors"):
        view = make_view("emb", "embedding", {"model": name}, tmp_path / "project")
        assert view.identity() == EmbeddingView(model=str(file)).identity()
    absent = make_view("emb", "embedding", {"model": "abc123"})
    with pytest.raises(ModelError, match=r"there are no weights .*elsewhere/abc123"):
        absent.identity()


def test_what_does_not_fit_is_said(
    tmp_path: Path, file: Path, network: nn.Module, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ModelError, match="was trained with frames 4, the view says 8; leave"):
        EmbeddingView(model=str(file), frames=8).columns  # noqa: B018 - the error is the point
    with pytest.raises(SettingError, match=r"views\.emb \(kind 'embedding'\): 'model' is missing"):
        make_view("emb", "embedding", {})
    with pytest.raises(SettingError, match="stride_frames"):
        make_view("seq", "sequence", {"model": str(file), "stride_frames": 0})
    if not torch.backends.mps.is_available():
        with pytest.raises(ModelError, match=r"device 'mps' is not there; name one of \[.*'cpu'"):
            EmbeddingView(model=str(file), device="mps").extractor()
    write_official(tmp_path / "no_heads.pyth", network.state_dict())
    with pytest.raises(ModelError, match="does not tell how many attention heads"):
        EmbeddingView(model=str(tmp_path / "no_heads.pyth")).extractor()
    monkeypatch.setitem(registry._BUILDERS, "timesformer", lambda *_: nn.Linear(2, 2))
    with pytest.raises(ModelError, match="Linear gives scores and no features"):
        EmbeddingView(model=str(file)).recipe  # noqa: B018 - the error is the point


FRESH = """
from importlib import metadata
metadata.entry_points = lambda **_: ()  # as where the project was installed before it had views
from rodepil.store.views import kind_of
for name in ("embedding", "sequence"):
    print(kind_of(name).__name__, kind_of(name).kind)
"""


def test_the_projects_own_kinds_are_found_without_entry_points():
    done = subprocess.run(
        [sys.executable, "-c", FRESH], capture_output=True, text=True, check=False
    )
    told = "EmbeddingView embedding\nSequenceView sequence\n"
    assert (done.stdout, done.returncode) == (told, 0), done.stderr
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert "entry-points" not in project["project"]

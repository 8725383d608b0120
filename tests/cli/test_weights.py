"""`rodepil weights`: list, inspect and convert, on files as users have them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import VisionTransformer
from transformers import TimesformerConfig, TimesformerForVideoClassification

from rodepil.cli.main import app
from rodepil.cli.run import guarded
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build

PARAMS = """
features: {frames: 16, size_px: 32}
model: {width: 48, depth: 2, heads: 4, patch_px: 8, mlp_ratio: 2, embed_resize: official}
"""
MODEL = ModelSettings(width=48, depth=2, heads=4, patch_px=8, mlp_ratio=2)
FEATURES = FeatureSettings(frames=8, size_px=16)
TIMM_NAME = "vit_tiny_patch16_224.augreg_in21k_ft_in1k"

CONVERT_AND_AGAIN_WITHOUT = """
import shutil, sys
from rodepil.cli.main import app
from rodepil.cli.run import guarded
for out in ("vit.safetensors", "again.safetensors"):
    words = ["weights", "convert", sys.argv[2], "--to", "rodepil", "-o", out]
    status = guarded(lambda: app(words, standalone_mode=False))
    print("\\nstatus", status)
    shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class Shown(NamedTuple):
    status: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: str) -> Shown: ...


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line in the project's folder, in this process."""
    monkeypatch.chdir(project)

    def call(*arguments: str) -> Shown:
        capsys.readouterr()
        status = guarded(lambda: app(["weights", *arguments], standalone_mode=False))
        return Shown(status, *capsys.readouterr())

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Lay out a project with weights of every format, and settings for more frames and pixels."""
    (tmp_path / "params.yaml").write_text(PARAMS)
    folder = tmp_path / "data" / "weights"
    folder.mkdir(parents=True)
    network = build(MODEL, FEATURES, classes=3)
    state = {f"model.{name}": value for name, value in network.state_dict().items()}
    torch.save({"epoch": 14, "model_state": state, "cfg": ""}, folder / "official.pyth")
    config = TimesformerConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        patch_size=8,
        image_size=16,
        num_labels=3,
    )
    TimesformerForVideoClassification(config).save_pretrained(folder / "hugging_face")
    vit = VisionTransformer(16, 8, embed_dim=48, depth=2, num_heads=4, mlp_ratio=2, num_classes=3)
    save_file(vit.state_dict(), folder / "timm_vit.safetensors")
    card = ModelCard(model=MODEL, features=FEATURES, classes=("a", "b"), data="real", trial_id="t")
    save_model(folder / "rodepil.safetensors", build(MODEL, FEATURES), card)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "title", "told"),
    [
        ("official.pyth", "official", "time          resized 8 -> 16 frames, official"),
        ("hugging_face", "hugging_face", "head          new, 2 classes; the weights have 3"),
        ("timm_vit.safetensors", "timm_vit", "time          starts at zero, 16 frames"),
        ("rodepil.safetensors", "rodepil", "head          kept, 2 classes"),
    ],
)
def test_inspect_tells_what_weights_are_and_what_becomes_of_them(
    name: str, title: str, told: str, run: Run
):
    shown = run("inspect", f"data/weights/{name}")
    assert shown.status == 0, shown.err
    lines = shown.out.splitlines()
    assert f"format        {title} (" in shown.out
    assert "network       width 48, depth 2, heads " in shown.out
    assert "normalisation mean 0.45, std 0.225: " in shown.out
    assert "place         resized 16 -> 32 px, official" in lines
    assert told in lines


def test_inspect_takes_other_frames_and_sizes_and_says_why_weights_do_not_fit(run: Run):
    options = ("inspect", "official.pyth", "--frames", "8", "--classes", "3")
    shown = run(*options, "--size-px", "16")
    assert "time          8 frames\nplace         16 px\nhead          kept, 3 classes" in shown.out
    other = ("inspect", "official.pyth", "--set", "model.width=96", "--set", "model.depth=12")
    shown = run(*other)
    assert shown.status == 0
    assert "fit           no: " in shown.out
    assert "--set model.width=48 --set model.depth=2" in shown.out
    shown = run("inspect", "official.pyth", "--size-px", "20")
    assert "fit           no: 20 px is no multiple of patches of 8" in shown.out


def test_list_tells_what_is_there_and_where_to_get_the_rest(run: Run, project: Path):
    there = project / "data" / "weights" / "TimeSformer_divST_8x32_224_K600.pyth"
    (project / "data" / "weights" / "official.pyth").rename(there)
    shown = run("list")
    assert shown.status == 0, shown.err
    assert f"there    {there}" in shown.out
    assert f"missing  {there.with_stem('TimeSformer_divST_8x32_224_K400')}" in shown.out
    assert "get      the model zoo in the README of facebookresearch/TimeSformer" in shown.out
    assert "licence  CC BY-NC 4.0" in shown.out
    assert "hf download facebook/timesformer-base-finetuned-k400" in shown.out
    assert "rodepil weights pretrain" in shown.out
    assert run("inspect", there.stem).status == 0


def test_convert_writes_what_hugging_face_loads(run: Run, project: Path):
    options = ("convert", "official.pyth", "--to", "hugging_face", "-o", "new")
    shown = run(*options)
    assert shown.status == 1
    assert "give them with --heads" in shown.err
    shown = run(*options, "--heads", "4")
    assert shown.status == 0, shown.err
    theirs = TimesformerForVideoClassification.from_pretrained(project / "new")
    state = torch.load(project / "data" / "weights" / "official.pyth", weights_only=True)
    bias = state["model_state"]["model.head.bias"]
    assert torch.equal(theirs.classifier.bias, bias)
    again = run(*options, "--heads", "4")
    assert again.status == 1
    assert "exists already" in again.err


def test_a_users_error_is_one_message(run: Run, project: Path):
    (project / "empty.pyth").touch()
    for name, words in (("empty.pyth", "is empty"), ("gone.pyth", "weights list")):
        shown = run("inspect", name)
        assert shown.status == 1
        assert shown.err.startswith("error: ")
        assert words in shown.err
        assert "Traceback" not in shown.err


def test_timms_vits_are_had_by_name_from_its_cache_and_offline_says_what_to_do(
    run: Run, project: Path
):
    """In a process of its own: where the cache lies is read when the library is imported."""
    repository = project / "cache" / "hub" / f"models--timm--{TIMM_NAME}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    vit = timm.create_model(TIMM_NAME, pretrained=False)
    save_file(vit.state_dict(), snapshot / "model.safetensors")
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(project / "cache")}
    tried = subprocess.run(
        [sys.executable, "-c", CONVERT_AND_AGAIN_WITHOUT, project / "cache" / "hub", TIMM_NAME],
        cwd=project, env=offline, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.findall(r"^status (\d+)$", tried.stdout, re.MULTILINE) == ["0", "1"]
    assert f"timm can't load '{TIMM_NAME}'" in tried.stderr
    assert "no network" in tried.stderr
    written = load_file(project / "vit.safetensors")
    assert torch.equal(
        written["blocks.11.temporal_attn.qkv.weight"], vit.blocks[11].attn.qkv.weight
    )
    shown = run("inspect", "vit.safetensors")
    assert "normalisation mean 0.5, std 0.5: timm's configuration" in shown.out
    assert "heads 3" in shown.out
    assert "input         images of 224 px" in shown.out

"""What makes two trials the same, and what makes them different."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import AugmentSettings, FeatureSettings, ModelSettings, TrainSettings
from rodepil.data.digests import clips_digest, folds_digest
from rodepil.io import tables
from rodepil.train.trial import TrialSettings
from rodepil.trials.identity import group_id, trial_id

DIGESTS = {"clips": "c", "folds": "f", "view": "v", "weights": "w"}

OTHER_SETTINGS: list[dict[str, Any]] = [
    {"fold": 1},
    {"control": "static"},
    {"model": ModelSettings(width=128)},
    {"features": FeatureSettings(frames=8)},
    {"train": TrainSettings(seed=1)},
    {"train": TrainSettings(workers=2)},
    {"train": TrainSettings(threads_per_worker=2)},
    {"train": TrainSettings(augment=AugmentSettings(rotate_deg=0.0))},
]


@pytest.mark.parametrize("change", OTHER_SETTINGS)
def test_identity_changes_with_every_setting_that_changes_numbers(change: dict[str, Any]) -> None:
    assert trial_id(TrialSettings(**change), DIGESTS) != trial_id(TrialSettings(), DIGESTS)


@pytest.mark.parametrize("what", DIGESTS)
def test_identity_changes_with_clips_folds_view_and_pretrained_weights(what: str) -> None:
    other = DIGESTS | {what: "other"}
    assert trial_id(TrialSettings(), other) != trial_id(TrialSettings(), DIGESTS)


def test_identity_does_not_change_with_where_a_trial_runs_or_what_its_data_are_called() -> None:
    here, elsewhere = (
        TrialSettings(
            data=f"recordings in {place}",
            train=TrainSettings(device=device),
            model=ModelSettings(pretrained="kinetics", weights=f"{place}/k400.pyth"),
        )
        for place, device in (("here", "auto"), ("elsewhere", "cpu"))
    )
    assert trial_id(elsewhere, DIGESTS) == trial_id(here, DIGESTS)


@pytest.mark.parametrize(("modality", "identities"), [("rgb", 1), ("absdiff", 1), ("flow", 2)])
def test_identity_hangs_on_flow_settings_where_flow_is_seen(modality: str, identities: int) -> None:
    bounds = [FlowInputSettings(bound_px=bound_px) for bound_px in (20.0, 7.0)]
    both = [TrialSettings(train=TrainSettings(modality=modality, flow=flow)) for flow in bounds]
    for identity in (trial_id, group_id):
        assert len({identity(settings, DIGESTS) for settings in both}) == identities


def test_identity_is_the_same_in_another_process() -> None:
    code = (
        "from rodepil.train.trial import TrialSettings;"
        "from rodepil.trials.identity import trial_id;"
        f"print(trial_id(TrialSettings(), {DIGESTS}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert said.stdout.strip() == trial_id(TrialSettings(), DIGESTS)
    assert len(said.stdout.strip()) == 16


def test_folds_of_one_cross_validation_share_a_group_and_controls_do_not() -> None:
    first, second = (group_id(TrialSettings(fold=fold), DIGESTS) for fold in (0, 1))
    assert first == second
    assert group_id(TrialSettings(control="static"), DIGESTS) != first


def clips(*changes: dict[str, object]) -> pa.Table:
    """Return two clips, each with changes."""
    rows = []
    for number in range(2):
        row: dict[str, object] = {
            "clip_id": f"c{number}", "recording_id": "r", "subject_id": f"rat{number}",
            "position": 1, "date": "Jan-14-2019", "video_id": "M", "start_frame": 0,
            "end_frame": 300, "start_s": 0.0, "duration_s": 10.0, "label": number, "kept": True,
            "path": f"c{number}.avi", "sha256": f"{number}" * 64, "fps": "30", "n_frames": 300,
            "width_px": 224, "height_px": 224,
        }  # fmt: skip
        rows.append(row | (changes[number] if number < len(changes) else {}))
    return tables.from_rows("clips", rows)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "f" * 64}, {"subject_id": "rat9"}, {"label": 1}, {"parent_clip_id": "c7"},
        {"kept": False}, {"clip_id": "c9"},
    ],
)  # fmt: skip
def test_digest_of_clips_changes_with_what_is_trained_on(change: dict[str, object]) -> None:
    assert clips_digest(clips(change)) != clips_digest(clips())


def test_digest_of_clips_does_not_change_with_place_or_order() -> None:
    assert clips_digest(clips({"path": "elsewhere/c0.avi"})) == clips_digest(clips())
    assert clips_digest(clips().take([1, 0])) == clips_digest(clips())


def test_digest_of_folds_changes_with_a_fold_and_not_with_order() -> None:
    rows = [{"clip_id": f"c{n}", "subject_id": f"rat{n}", "fold": n} for n in range(3)]
    dealt = tables.from_rows("folds", rows)
    other = tables.from_rows("folds", [rows[0], rows[1], rows[2] | {"fold": 0}])
    assert folds_digest(dealt.take([2, 0, 1])) == folds_digest(dealt)
    assert folds_digest(other) != folds_digest(dealt)

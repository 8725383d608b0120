"""RatSeizure from the command line: imported, refused, told."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rodepil.data.ratseizure import read_annotations
from tests.cli.conftest import Rodepil
from tests.data.ratseizure.conftest import clip, segment
from tests.data.ratseizure.test_importing import write_source


def test_an_import_says_what_it_took_and_the_data_are_counted(
    tmp_path: Path, rodepil: Rodepil
) -> None:
    database = {
        "film_1": clip(segment(0, 4, 3), segment(5, 10, 0)),
        "film_1_flip": clip(segment(0, 4, 3), subset="testing"),
    }
    given = write_source(tmp_path / "given", database)
    command = ["import", "ratseizure", str(given.annotations), "--features", str(given.features)]
    done = rodepil(*command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 clips with 3 segments, 2 files of features and 0 videos" in done.stdout
    assert "training: 1 clip, 2 segments" in done.stdout
    assert "2 clips of 1 original, by name; 1 original stands on both sides" in done.stdout
    assert "'film_1': training film_1; testing film_1_flip" in done.stdout
    assert "ratseizure.source=imported and sequence.model=imported" in done.stdout
    told = rodepil("data", "ratseizure", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    (row,) = [line for line in told.stdout.splitlines() if "wet dog" in line]
    assert row.split() == ["3", "wet", "dog", "shakes", "1", "1", "4.0", "1", "1", "4.0"]
    assert "dvc repro units_clips" in told.stdout
    assert "Data: RatSeizure" in told.stdout
    np.save(given.features / "film_1.npy", np.ones((6, 72), np.float32))
    refused = rodepil(*command, folder=tmp_path)
    assert refused.returncode == 1
    assert "film_1.npy is transposed" in refused.stderr
    assert "Traceback" not in refused.stderr
    kept = rodepil(*command, "--keep-going", folder=tmp_path)
    assert kept.returncode == 0, kept.stderr
    assert kept.stdout.startswith("1 clip with 1 segment, 1 file of features and 0 videos")
    for said in (kept, rodepil("data", "ratseizure", folder=tmp_path)):
        assert "1 clip is left out for want of a sound file: film_1\n" in said.stdout


def test_the_help_shows_an_example_that_can_be_imported(tmp_path: Path, rodepil: Rodepil) -> None:
    shown = rodepil("import", "ratseizure", "--help", folder=tmp_path).stdout
    start = shown.index('{"database"')
    example = shown[start : shown.index("]}}}", start) + 4]
    path = tmp_path / "example.json"
    path.write_text(" ".join(example.split()), encoding="utf-8")
    (row,) = read_annotations(path).events.to_pylist()
    assert (row["recording_id"], row["start_s"], row["end_s"]) == ("VIDEO_ID", 1.5, 4.0)
    assert row["label"] == "rearing"
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert " ".join(example.split()) in " ".join(readme.split())

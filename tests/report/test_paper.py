from __future__ import annotations

import pytest

from rodepil.report import paper
from rodepil.report.words import METRICS
from rodepil.train.metrics import average


@pytest.mark.parametrize("name", METRICS)
def test_the_mean_of_the_printed_folds_is_the_printed_average(name: str) -> None:
    mean = getattr(average(paper.TABLE_2), name)
    assert 100 * mean == pytest.approx(100 * getattr(paper.TABLE_2_AVERAGE, name), abs=0.015)


@pytest.mark.parametrize("fold", range(5))
def test_a_printed_f1_is_the_harmonic_mean_of_its_row(fold: int) -> None:
    row = paper.TABLE_2[fold]
    harmonic = 2 * row.precision * row.sensitivity / (row.precision + row.sensitivity)
    assert row.f1 == pytest.approx(harmonic, abs=1.5e-4)


def test_the_best_row_of_table_three_is_the_average_of_table_two() -> None:
    assert len(paper.TABLE_3) == 9
    best = max(paper.TABLE_3, key=lambda row: row.f1)
    for name in ("accuracy", "sensitivity", "precision", "f1"):
        assert getattr(best, name) == getattr(paper.TABLE_2_AVERAGE, name)


def test_the_rows_of_table_three_are_a_chosen_list() -> None:
    settings = {
        (row.modality, row.size_px, row.frames, row.optimizer, row.pretrained)
        for row in paper.TABLE_3
    }
    assert len(settings) == 9
    assert {row.modality for row in paper.TABLE_3} == {"RGB", "OpticalFlow", "AbsDiff"}


def test_table_one_has_three_times_as_many_negatives() -> None:
    # The paper calls it "approximately three times as many negative clips as positive clips".
    assert 3 < paper.TABLE_1.negatives / paper.TABLE_1.positives < 3.5

"""Quantiles of Student's t against SciPy."""

from __future__ import annotations

import pytest
from scipy import stats

from rodepil.statistics.student import two_sided


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 14, 30, 101, 1000])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_quantiles_are_scipys(freedom: int, level: float):
    wanted = stats.t.ppf((1 + level) / 2, freedom)
    assert two_sided(level, freedom) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("level", "freedom"), [(0.0, 3), (1.0, 3), (0.95, 0)])
def test_what_has_no_quantile_is_refused(level: float, freedom: int):
    with pytest.raises(ValueError, match="must be in"):
        two_sided(level, freedom)

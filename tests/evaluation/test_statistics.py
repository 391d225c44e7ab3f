"""Intervals and tests, held to laws and to scipy."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.evaluation.statistics import estimate, paired_difference, spread_of


def test_an_interval_holds_its_mean_and_is_the_same_every_time() -> None:
    values = [1.0] * 40 + [0.0] * 10
    first = estimate(values)
    assert first == estimate(values)
    assert first.low < first.mean == 0.8 < first.high
    assert first.count == 50


def test_an_interval_is_about_as_wide_as_the_normal_one() -> None:
    """For n = 400 and p = 0.8 the normal interval is 0.8 ± 1.96 * 0.02 = ± 0.039."""
    wide = estimate([1.0] * 320 + [0.0] * 80)
    assert wide.low == pytest.approx(0.761, abs=0.006)
    assert wide.high == pytest.approx(0.839, abs=0.006)


def test_equal_values_have_no_width() -> None:
    flat = estimate([0.5, 0.5])
    assert (flat.low, flat.mean, flat.high) == (0.5, 0.5, 0.5)


def test_a_run_against_itself_differs_by_chance_alone() -> None:
    difference, p_value = paired_difference([0.0, 1.0, 1.0], [0.0, 1.0, 1.0])
    assert (difference.mean, difference.low, difference.high, p_value) == (0.0, 0.0, 0.0, 1.0)


def test_the_p_value_is_that_of_all_sign_flips() -> None:
    """Five pairs, all better by 1: of 2^5 flips two are as far out, so p = 2/32 = 0.0625."""
    _, p_value = paired_difference([0.0] * 5, [1.0] * 5)
    assert p_value == pytest.approx(0.0625, abs=0.01)


def test_the_test_does_not_care_which_run_comes_first() -> None:
    a, b = list(np.random.default_rng(1).random(30)), list(np.random.default_rng(2).random(30))
    there, p_there = paired_difference(a, b)
    back, p_back = paired_difference(b, a)
    assert there.mean == pytest.approx(-back.mean)
    assert p_there == p_back


def test_a_median_and_a_95th_percentile() -> None:
    spread = spread_of([float(value) for value in range(101)])
    assert (spread.p50, spread.p95, spread.count) == (50.0, 95.0, 101)


def test_no_values_have_no_figures() -> None:
    with pytest.raises(ValueError, match="no value"):
        estimate([])
    with pytest.raises(ValueError, match="no value"):
        spread_of([])

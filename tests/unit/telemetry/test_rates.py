"""Rates of what is counted: over half a second, and none over a gap."""

from __future__ import annotations

import numpy as np
import pytest

from annt_prof.telemetry.rates import broken, rates
from annt_prof.telemetry.series import Samples

MS = 1_000_000
T0 = 10**15


def counted(times_ms: list[int], per_ms: float) -> Samples:
    times = np.array([T0 + ms * MS for ms in times_ms], dtype=np.int64)
    return Samples(times, np.array(times_ms, dtype=float) * per_ms)


def test_a_rate_is_the_growth_over_half_a_second() -> None:
    found = rates(counted(list(range(0, 2001, 40)), 7.0))
    assert found.values == pytest.approx([7.0 / MS] * len(found.values))
    assert np.diff(found.times_ns).min() >= 480 * MS
    assert len(found.values) == 4


def test_there_is_none_over_a_gap_of_more_than_a_second() -> None:
    times = [*range(0, 1001, 40), *range(2040, 3500, 40)]
    found = rates(counted(times, 1.0))
    gap = np.isnan(found.values)
    assert gap.sum() == 1
    assert found.times_ns[gap] > T0 + 2000 * MS
    assert found.values[~gap] == pytest.approx(1.0 / MS)


def test_there_is_none_over_a_gap_between_given_instants_either() -> None:
    times = [*range(0, 1001, 40), *range(2040, 3500, 40)]
    instants = np.arange(T0, T0 + 3000 * MS, 500 * MS)
    found = rates(counted(times, 1.0), instants)
    known = found.times_ns[np.isfinite(found.values)]
    assert ((known <= T0 + 1000 * MS) | (known > T0 + 2040 * MS)).all()
    assert np.isnan(found.values).sum() == 3  # those that end at 1.5, 2 and 2.5 s


def test_one_reading_tells_no_rate() -> None:
    assert not len(rates(counted([0], 1.0)).values)
    assert not len(rates(counted([0, 40], 1.0)).values)


def test_momentary_samples_are_broken_at_a_gap() -> None:
    samples = counted([0, 40, 2000, 2040], 1.0)
    found = broken(samples)
    assert np.isnan(found.values).tolist() == [False, False, True, False, False]
    assert (np.diff(found.times_ns) > 0).all()

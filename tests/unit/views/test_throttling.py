"""Limits on the clocks: which, when, and for how long."""

from __future__ import annotations

import numpy as np

from annt_prof.telemetry import columns
from annt_prof.telemetry.series import Samples, Series
from annt_prof.views.throttling import throttling_of

S = 1_000_000_000


def series(bits: dict[float, int]) -> Series:
    times = np.array([round(at * S) for at in bits], dtype=np.int64)
    samples = Samples(times, np.array(list(bits.values()), dtype=float))
    return Series(times, {columns.GPU_THROTTLE_BITS: samples})


def test_each_limit_has_its_stretches() -> None:
    power, heat = throttling_of(series({0: 1, 0.5: 4, 1: 4 | 0x20, 1.5: 1, 2: 4})) or ()
    assert power.reason == "software_power_cap"
    assert power.stretches_ns == ((S // 2, S), (2 * S, 2 * S))
    assert power.share == 0.6
    assert heat.reason == "software_thermal_slowdown"
    assert heat.stretches_ns == ((S, S),)


def test_a_gap_ends_a_stretch() -> None:
    (power,) = throttling_of(series({0: 4, 0.5: 4, 3: 4, 3.5: 4})) or ()
    assert power.stretches_ns == ((0, S // 2), (3 * S, 3 * S + S // 2))


def test_an_idle_device_is_not_limited() -> None:
    assert throttling_of(series({0: 1, 1: 0})) == ()


def test_what_the_device_does_not_tell_is_not_known() -> None:
    assert throttling_of(Series(np.array([0]), {})) is None

"""Whether other programs are too busy for figures to be trusted."""

import pytest

from annt_prof.machine import load
from annt_prof.machine.load import Load, look_at_load


@pytest.mark.parametrize(("busy_cores", "is_busy"), [(0.0, False), (0.79, False), (0.8, True)])
def test_a_tenth_of_all_cores_is_busy(busy_cores, is_busy):
    assert Load(busy_cores, 8).is_busy is is_busy


def test_the_share_is_of_all_cores():
    assert Load(3.0, 4).share == 0.75


def test_the_load_is_cpu_time_over_the_time_looked(monkeypatch):
    slept = []
    taken, clock = iter([7_000_000_000, 7_300_000_000]), iter([0, 500_000_000])
    monkeypatch.setattr(load, "busy_ns", lambda _stat: next(taken))
    monkeypatch.setattr(load.time, "monotonic_ns", lambda: next(clock))
    monkeypatch.setattr(load.time, "sleep", slept.append)
    monkeypatch.setattr(load.os, "cpu_count", lambda: 4)
    assert look_at_load() == Load(pytest.approx(0.6), 4)
    assert slept == [0.5]

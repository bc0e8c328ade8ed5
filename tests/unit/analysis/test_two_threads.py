"""The analysis goes on in two threads, of which neither changes what the other one says."""

import functools
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from annt_prof.analysis import analysis
from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.trace.reading import read

FIXTURES = Path(__file__).parents[2] / "fixtures" / "traces"


class InTurn:
    """An executor without a thread."""

    def __init__(self, max_workers):
        assert max_workers == 1

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future

    def shutdown(self, cancel_futures):
        assert cancel_futures


class Unlocked:
    """A cached property as of Python 3.12, which two threads may work out at a time."""

    def __init__(self, function):
        self.function, self.name = function, function.__name__

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        if self.name not in instance.__dict__:
            instance.__dict__[self.name] = self.function(instance)
        return instance.__dict__[self.name]


@pytest.mark.parametrize("name", ["h100_amp", "h100_held_up"])
def test_they_say_what_one_says(name, monkeypatch):
    trace = read(FIXTURES / f"{name}.json.gz")
    with monkeypatch.context() as alone:
        alone.setattr(analysis, "ThreadPoolExecutor", InTurn)
        expected = analyze(trace)
    for attribute, value in vars(Timeline).items():
        if isinstance(value, functools.cached_property):
            monkeypatch.setattr(Timeline, attribute, Unlocked(value.func))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert all(analyze(trace) == expected for _ in range(10))
    finally:
        sys.setswitchinterval(interval)


def test_an_error_waits_for_nothing_that_has_not_begun(monkeypatch):
    begun = threading.Event()
    over = threading.Event()
    later = []

    def first(*_arguments):
        begun.set()
        over.wait(10)

    def fail(*_arguments):
        begun.wait(10)
        threading.Timer(0.2, over.set).start()  # by then nothing is left for that thread to do
        raise KeyboardInterrupt

    monkeypatch.setattr(analysis, "memory_use", first)
    monkeypatch.setattr(analysis, "critical_path", later.append)
    monkeypatch.setattr(analysis, "break_down", fail)
    with pytest.raises(KeyboardInterrupt):
        analyze(read(FIXTURES / "h100_amp.json.gz"))
    assert later == []

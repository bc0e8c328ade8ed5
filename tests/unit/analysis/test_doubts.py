"""No remark on a real trace that is not true of it."""

from pathlib import Path

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.tables.doubts import doubts
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.trace.reading import read

FIXTURES = Path(__file__).parents[2] / "fixtures" / "traces"


@pytest.mark.parametrize(
    "name",
    ["a100-alexnet-nosteps", "a100-ddp-3steps", "cpu-gloo-1step", "h100-vit-inference-1step",
     "mi250-minitoy-2steps", "v100-allreduce-5steps"],
)  # fmt: skip
def test_recorded_traces_are_not_doubted(name, real_trace):
    trace = read(real_trace(name))
    found = analyze(trace)
    assert list(doubts(Timeline(trace), found.breakdown)) == []
    assert found.breakdown is not None
    assert found.breakdown.incomplete == ()


@pytest.mark.parametrize("name", ["h100_amp", "h100_baseline", "h100_pin_memory"])
def test_traces_of_ours_are_not_doubted(name):
    trace = read(FIXTURES / f"{name}.json.gz")
    assert list(doubts(Timeline(trace), analyze(trace).breakdown)) == []


def test_a_device_that_the_host_never_waits_for_is_behind_it():
    """Kernels spin here while the host goes on to the next steps."""
    trace = read(FIXTURES / "h100_held_up.json.gz")
    (remark,) = doubts(Timeline(trace), analyze(trace).breakdown)
    assert remark.startswith("the device is behind the host: 66.1 % of its time")

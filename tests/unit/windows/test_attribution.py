"""The traced window of a run, and the device that the run says it was on."""

from types import SimpleNamespace

import pytest

from annt_prof.categories import Phase
from annt_prof.runner.tracing import _attribute
from annt_prof.testing import TraceBuilder


@pytest.fixture
def state():
    one = SimpleNamespace(record=SimpleNamespace(remarks=(), breakdown=None))
    one.change = lambda **changes: vars(one.record).update(changes)
    return one


def test_a_run_on_an_accelerator_has_no_breakdown_without_its_activities(state, tmp_path):
    """Nothing in the file tells of a device: the run does."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 980)
    path = builder.write(tmp_path / "trace.json.gz")
    _attribute(state, path, accelerator=True)
    assert state.record.breakdown is None
    (remark,) = state.record.remarks
    assert remark.text.startswith("no breakdown: the device was not recorded")
    assert "performance counters" in remark.text


def test_a_run_on_the_cpu_is_its_own_device(state, tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 980)
    builder.runtime("cudaDeviceSynchronize", 990, 995)  # the profiler's own
    _attribute(state, builder.write(tmp_path / "trace.json.gz"), accelerator=False)
    assert state.record.breakdown.by_category_ns[Phase.FORWARD] == 980
    assert state.record.remarks == ()


def test_what_the_profiler_lost_is_said_beside_the_breakdown(state, tmp_path):
    builder = TraceBuilder()
    for at in (0, 1000):
        builder.step(at, at + 1000).phase(Phase.FORWARD, at, at + 980)
    builder.runtime("cudaLaunchKernel", 10, 20, correlation=90)
    builder.runtime("cudaDeviceSynchronize", 985, 995)
    builder.kernel("gemm", 1100, 1900, launch_ns=1050)
    _attribute(state, builder.write(tmp_path / "trace.json.gz"), accelerator=True)
    assert state.record.breakdown.num_steps == 1
    (remark,) = state.record.remarks
    assert remark.sentence.startswith("trace: 1 of 2 launches of kernels have no activity")
    assert "left out: ProfilerStep#0" in remark.text

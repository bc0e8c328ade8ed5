"""What `advise` promises of copies from the host: nothing without them, little of brief ones.

A step of param's benchmark copied for 55 ms of 43 s; of the rest the host is busy itself, mostly
in calls that set the device up. Others hold no copy from the host at all.
"""

import pytest

from annt_prof.analysis.timeline.copies_from_host import copies_from_host
from annt_prof.analysis.timeline.host_work import own_host_work_ns
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.explain.advice import advise, machine_of_trace
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

US = 1000
PRODUCT = "ampere_sgemm_128x64_nn"
COPYING = ("pin_memory", "device_prefetch")


def launching(from_us=100):
    """A step of 1000 us in which the host launches a product of 20 us every 100 us."""
    builder = TraceBuilder().step(0, 1000 * US).phase(Phase.FORWARD, from_us * US, 900 * US)
    for at_us in range(from_us, 900, 100):
        start_ns = (at_us + 8) * US
        builder.kernel(PRODUCT, start_ns, start_ns + 20 * US, launch_ns=at_us * US)
    return builder


def trace_of(builder, folder):
    return read(builder.write(folder / "trace.json"))


def advised(builder, folder):
    trace = trace_of(builder, folder)
    evidence = evidence_of_trace(trace)
    return {told.name: told for told in advise(evidence, machine_of_trace(trace, evidence))}


@pytest.mark.parametrize("name", COPYING)
def test_where_nothing_is_copied_no_copy_can_be_spared(name, tmp_path):
    """The host works for 200 us of the path in no phase, which is no copying."""
    told = advised(launching(), tmp_path)[name]
    assert (told.low_ns, told.high_ns) == (0, 0)
    assert told.basis.startswith("nothing: no step copies anything")


def test_where_batches_are_loaded_pinning_may_take_their_handling_over(tmp_path):
    advice = advised(launching().phase(Phase.DATA_LOADING, 0, 80 * US), tmp_path)
    assert advice["pin_memory"].high_ns == 80 * US
    assert advice["device_prefetch"].high_ns == 0


@pytest.mark.parametrize("name", COPYING)
def test_a_copy_that_kernels_hide_is_a_copy(name, tmp_path):
    builder = launching().copy("HtoD", 110 * US, 120 * US, launch_ns=90 * US, stream=20)
    told = advised(builder, tmp_path)[name]
    assert "nothing: no step copies" not in told.basis


def test_a_copy_that_is_not_recorded_may_be_one_from_the_host(tmp_path):
    builder = launching().runtime("cudaMemcpyAsync", 50 * US, 60 * US)
    assert copies_from_host(Timeline(trace_of(builder, tmp_path))) is None
    assert "nothing: no step copies" not in advised(builder, tmp_path)["device_prefetch"].basis


def test_copies_of_an_unknown_runtime_may_look_otherwise(tmp_path):
    builder = TraceBuilder().step(0, 1000 * US)
    builder.runtime("runFunction - job_prep", 0, 10 * US, correlation=1)
    builder.event("kernel", "aten::mul.out-dtype_Float", 20 * US, 90 * US, pid=0, tid=7,
                  args={"device": 0, "stream": 7, "correlation": 1})  # fmt: skip
    assert copies_from_host(Timeline(trace_of(builder, tmp_path))) is None


def test_a_copy_outside_the_steps_is_none_of_theirs(tmp_path):
    builder = launching().copy("HtoD", 1110 * US, 1120 * US, launch_ns=1090 * US)
    assert copies_from_host(Timeline(trace_of(builder, tmp_path))) is False


@pytest.mark.parametrize("name", COPYING)
def test_a_brief_wait_for_a_copy_spares_no_work_of_the_host(name, tmp_path):
    """The host waits for 58 us; it is busy all the rest of the time."""
    builder = launching(200).copy("HtoD", 20 * US, 70 * US, launch_ns=12 * US)
    builder.runtime("cudaStreamSynchronize", 15 * US, 73 * US)
    told = advised(builder, tmp_path)[name]
    assert 58 * US <= told.high_ns <= 70 * US
    assert "but for the host's own work" in told.basis


def own_work_us(builder, folder):
    return own_host_work_ns(Timeline(trace_of(builder, folder))) / US


def test_a_long_call_is_work_only_where_nothing_can_be_waited_for(tmp_path):
    """Setting a device up takes seconds before its first kernel; a full queue holds launches up."""
    step = TraceBuilder().step(0, 1000 * US)
    early = step.runtime("cudaFree", 0, 400 * US)
    early.kernel(PRODUCT, 510 * US, 990 * US, launch_ns=500 * US)
    assert own_work_us(early, tmp_path) == pytest.approx(1000, abs=10)
    late = TraceBuilder().step(0, 1000 * US).runtime("cudaMalloc", 550 * US, 950 * US)
    late.kernel(PRODUCT, 510 * US, 990 * US, launch_ns=500 * US)
    assert own_work_us(late, tmp_path) == pytest.approx(600, abs=10)


def test_waits_copies_and_loading_are_no_work_of_the_hosts_own(tmp_path):
    builder = TraceBuilder().step(0, 1000 * US).phase(Phase.DATA_LOADING, 0, 100 * US)
    builder.phase(Phase.H2D_COPY, 100 * US, 200 * US)
    builder.kernel(PRODUCT, 310 * US, 590 * US, launch_ns=300 * US)
    builder.runtime("cudaStreamSynchronize", 400 * US, 600 * US)
    assert own_work_us(builder, tmp_path) == 600


def test_a_host_that_asks_for_the_device_may_be_waiting(tmp_path):
    """Between two rare queries it may sleep, which is not told from work."""
    builder = TraceBuilder().step(0, 1000 * US)
    builder.kernel(PRODUCT, 110 * US, 890 * US, launch_ns=100 * US)
    assert own_work_us(builder, tmp_path) > 0
    builder.runtime("cudaEventQuery", 200 * US, 202 * US)
    assert own_work_us(builder, tmp_path) == 0

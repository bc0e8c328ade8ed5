"""What a profiler recorded on the host, per step."""

import msgspec

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def test_host_events_are_counted_within_the_steps(tmp_path):
    builder = TraceBuilder().step(0, 10_000).step(10_000, 20_000)
    for start in (1000, 2000, 11_000, 12_000, 25_000):  # the last one after the steps
        builder.operator("aten::add", start, start + 500)
    found = break_down(Timeline(read(builder.write(tmp_path / "trace.json")))).mean
    assert found.host_events == 2 + 1  # and the annotation of the step itself


def test_records_from_before_open():
    old = (
        b'{"step_ns":1,"num_steps":1,"by_category_ns":{},"hidden_ns":{},"not_measured":{},'
        b'"kernel_ns":{}}'
    )
    assert msgspec.json.decode(old, type=MeanBreakdown).host_events is None

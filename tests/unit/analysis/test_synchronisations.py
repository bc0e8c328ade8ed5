"""Which operators a blocking call was made by."""

from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.tables.synchronisations import waits_of
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import AUTOGRAD_THREAD, MAIN_THREAD, TraceBuilder
from annt_prof.trace.reading import read

threads = st.sampled_from([MAIN_THREAD, AUTOGRAD_THREAD])
spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted)


@given(
    operators=st.lists(st.tuples(spans, threads, st.booleans()), max_size=12),
    calls=st.lists(st.tuples(spans, threads), min_size=1, max_size=6),
)
def test_the_outermost_and_the_innermost_operator_around_each_call(
    operators, calls, tmp_path_factory
):
    """Nested or not, as a damaged file may have them; looked for one by one."""
    builder = TraceBuilder().step(0, 31)
    for number, ((start, end), thread, wraps) in enumerate(operators):
        name = "autograd::engine::evaluate_function: x" if wraps else f"aten::op{number}"
        builder.operator(name, start, end, thread=thread)
    for (start, end), thread in calls:
        builder.runtime("cudaStreamSynchronize", start, end, thread=thread)
    expected = []
    for (start, end), thread in calls:
        around = sorted(
            (begun, -ended, number)
            for number, ((begun, ended), where, wraps) in enumerate(operators)
            if not wraps and where == thread and begun <= start and ended >= end
        )
        names = [f"aten::op{number}" for _, _, number in around] or [None]
        expected.append((names[0], names[-1]))
    trace = read(builder.write(tmp_path_factory.getbasetemp() / "trace.json"))
    found = waits_of(Timeline(trace))
    assert [(wait.operator, wait.inner_operator) for wait in found] == expected

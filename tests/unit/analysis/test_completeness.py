"""A trace whose end is missing: the steps it still shows are right, the others are left out."""

import contextlib
import gzip

import pytest

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def three_steps(*, in_order):
    """In the order of time, or host events before device activities, as Kineto writes them."""
    builder = TraceBuilder()
    parts = []
    for at in (1000, 2000, 3000):
        parts.append((at, "step"))
        parts += [(at + 110, "launch"), (at + 200, "kernel")]
    if not in_order:
        parts.sort(key=lambda part: part[1] == "kernel")
    for at, what in parts:
        if what == "step":
            builder.step(at, at + 1000).phase(Phase.FORWARD, at + 100, at + 400)
        elif what == "launch":
            builder.runtime("cudaLaunchKernel", at, at + 5, correlation=at - 110)
        else:
            args = {"device": 0, "stream": 7, "correlation": at - 200}
            builder.event("kernel", "gemm", at, at + 300, pid=0, tid=7, args=args)
    return builder


def cut_all_along(path):
    """Yield the breakdowns of what is left, apart from those that are refused."""
    document = path.read_bytes()
    for length in range(0, len(document) - 3, 5):
        path.write_bytes(document[:length])
        with contextlib.suppress(UserError):
            yield break_down(Timeline(read(path)))


def test_in_the_order_of_time_the_steps_that_are_left_are_those_of_the_whole(tmp_path):
    path = three_steps(in_order=True).write(tmp_path / "trace.json")
    whole = {step.name: step for step in break_down(Timeline(read(path))).steps}
    seen = set()
    for part in cut_all_along(path):
        if part.steps[0].name not in whole:
            continue  # the first events alone are a span without steps
        assert part.steps == tuple(whole[step.name] for step in part.steps)
        assert part.incomplete
        seen.add(len(part.steps))
    assert seen == {1, 2}


def test_in_another_order_no_step_is_trusted(tmp_path):
    path = three_steps(in_order=False).write(tmp_path / "trace.json")
    assert not list(cut_all_along(path))


def test_a_whole_file_loses_nothing(tmp_path):
    found = break_down(Timeline(read(three_steps(in_order=False).write(tmp_path / "trace.json"))))
    assert len(found.steps) == 3
    assert found.incomplete == ()


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize(
    "name", ["a100-ddp-3steps", "v100-allreduce-5steps", "mi250-minitoy-2steps"]
)
def test_recorded_traces_cut_short_give_no_wrong_step(name, share, real_trace, tmp_path):
    original = real_trace(name)
    whole = {step.name: step for step in break_down(Timeline(read(original))).steps}
    document = gzip.decompress(original.read_bytes())
    path = tmp_path / "trace.json"
    path.write_bytes(document[: int(len(document) * share)])
    trace = read(path)
    assert trace.losses
    with contextlib.suppress(UserError):
        for step in break_down(Timeline(trace)).steps:
            assert step == whole[step.name]

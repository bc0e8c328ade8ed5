"""What the answer says of how far a traced step may be trusted."""

import io

import msgspec
import pytest
from rich.console import Console

from annt_prof.report.text.steps import steps
from annt_prof.views.breakdown_view import build_breakdown_view
from hand_made import MS, breakdown, run, variant


@pytest.mark.parametrize(
    ("traced_ms", "expected"),
    [
        (105.0, "5.0 % longer than timed ones; the profiler slows the host, so read the shares"),
        (573.6, "more than the profiler costs (at most about 10.00 ms here): the two windows do"),
        (97.0, "within what windows that lie apart may differ by, so read the shares"),
        (70.0, "30.0 % shorter than timed ones, which no profiler does: the two windows do not"),
    ],
)
def test_the_further_from_the_timed_step_the_less_its_shares_are_worth(traced_ms, expected):
    traced = breakdown(traced_ms, forward=1.0)
    measured = run(variant("baseline", [100.0] * 3, breakdown=traced))
    console = Console(width=200, file=io.StringIO())
    console.print(steps(build_breakdown_view(measured), 200))
    assert expected in " ".join(console.file.getvalue().split())


@pytest.mark.parametrize(("waited_ms", "told"), [(42.0, True), (39.0, False), (0.0, False)])
def test_a_wait_that_the_trace_shows_too_short_is_told(waited_ms, told):
    """5 % of the wait, or 1 % of the step, is nothing to tell."""
    traced = breakdown(100.0, forward=0.61, data_loading=0.39)
    (measured,) = run(variant("baseline", [100.0] * 3, breakdown=traced)).variants
    windows = tuple(
        msgspec.structs.replace(w, waited_ns=round(waited_ms * MS) * w.iterations)
        for w in measured.windows
    )
    waiting = msgspec.structs.replace(measured, windows=windows)
    console = Console(width=200, file=io.StringIO())
    console.print(steps(build_breakdown_view(run(waiting)), 200))
    said = " ".join(console.file.getvalue().split())
    assert (f"timed windows wait {waited_ms:.2f} ms a step for batches" in said) is told


@pytest.mark.parametrize(
    ("complete", "told"), [(False, "not traced: amp, all (interrupted)"), (True, "not traced: amp")]
)
def test_who_was_not_traced_is_told_below_those_who_were(complete, told):
    traced = breakdown(100.0, forward=1.0)
    others = ["amp", "all"] if not complete else ["amp"]
    stopped = run(
        variant("baseline", [100.0] * 3, breakdown=traced),
        *(variant(name, [90.0] * 3) for name in others),
        complete=complete,
    )
    console = Console(width=200, file=io.StringIO())
    console.print(steps(build_breakdown_view(stopped), 200))
    assert told in [line.strip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(("share", "told"), [(0.009, False), (0.02, True)])
def test_why_time_is_unattributed_is_told_below_the_bars(share, told):
    traced = breakdown(100.0, forward=1 - share)
    before_ns = round(0.75 * share * traced.step_ns)
    reasons = {
        "launched_before_recording": before_ns,
        "a_later_reason": traced.by_category_ns["unattributed"] - before_ns,
    }
    traced = msgspec.structs.replace(traced, unattributed_ns=reasons)
    console = Console(width=200, file=io.StringIO())
    console.print(
        steps(build_breakdown_view(run(variant("baseline", [1.0], breakdown=traced))), 200)
    )
    expected = "unattributed as: launched before the recording 1.5 ms, a_later_reason 0.5 ms"
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert (expected in lines) is told
    assert any("unattributed as" in line for line in lines) is told

"""Whether traced and timed windows show the same step, and what is said of it."""

import msgspec
import pytest

from annt_prof.compare.comparison import summarise
from annt_prof.explain.agreement import agreement, in_words
from hand_made import breakdown, variant

OTHER_WORK = "the two windows do not show the same work; read the timed figure"


def compared(traced_ms, events=2_000, windows=(100.0, 100.0, 100.0)):
    traced = msgspec.structs.replace(breakdown(traced_ms, forward=1.0), host_events=events)
    (found,) = summarise((variant("baseline", list(windows), breakdown=traced),))
    return agreement(found)


@pytest.mark.parametrize(
    ("traced_ms", "events", "finding", "said"),
    [
        (105.0, 2_000, "agree", "5.0 % longer than timed ones; the profiler slows the host, so"),
        (119.0, 4_000, "agree", "so read the shares, not the sum"),
        (142.0, 9_000, "agree", "; the profiler slows the host, and not every category alike: take "
                                "the shares for a hint"),
        (573.6, 2_000, "longer", "traced steps are 473.6 % longer than timed ones, more than the "
                                 "profiler costs (at most about 10.00 ms here): " + OTHER_WORK),
        (142.0, 0, "longer", OTHER_WORK),
        (142.0, None, "cost_unknown", "42.0 % longer than timed ones; what the profiler costs is "
                                      "not known, and not every category alike: take the shares"),
        (97.0, 2_000, "agree", "3.0 % shorter than timed ones, which no profiler does, within what "
                               "windows that lie apart may differ by, so read the shares"),
        (60.0, 2_000, "shorter", "traced steps are 40.0 % shorter than timed ones, which no "
                                 "profiler does: " + OTHER_WORK),
        (60.0, None, "shorter", OTHER_WORK),
    ],
)  # fmt: skip
def test_what_the_profiler_costs_is_not_blamed_for_more(traced_ms, events, finding, said):
    found = compared(traced_ms, events)
    assert found.finding == finding
    assert said in in_words(found)


def test_a_traced_window_may_differ_as_timed_ones_do():
    restless = (85.0, 95.0, 100.0, 105.0, 130.0)
    assert compared(138.0, windows=restless).finding == "agree"
    assert compared(142.0, windows=restless).finding == "longer"
    assert compared(86.0, windows=restless).finding == "agree"
    assert compared(84.0, windows=restless).finding == "shorter"


def test_what_was_not_traced_or_timed_is_not_compared():
    (timed,) = summarise((variant("baseline", [100.0]),))
    assert agreement(timed) is None
    assert agreement(variant("baseline", [], breakdown=breakdown(1.0, forward=1.0))) is None

"""Idle time as it is shown: its causes and its longest gaps."""

import msgspec

from annt_prof.views.idle_view import CauseShare, build_idle_view
from annt_prof.views.rest import Rest
from hand_made_analysis import IDLE, ns


def test_causes_that_took_time_the_longest_first():
    view = build_idle_view(IDLE)
    assert (view.num_gaps, view.total_ns) == (321, ns(40))
    assert view.causes == (
        CauseShare("data_loading", 0.65),
        CauseShare("dispatch", 0.25),
        CauseShare("queued", 0.1),
    )
    assert view.gaps == IDLE.gaps
    assert view.rest == Rest(319, ns(40 - 3.6 - 1.7))


def test_gaps_that_would_read_as_nothing_are_counted_and_not_listed():
    brief = msgspec.structs.replace(IDLE.gaps[1], length_ns=499)
    idle = msgspec.structs.replace(IDLE, gaps=(IDLE.gaps[0], brief), num_gaps=2,
                                   total_ns=ns(3.6) + 499)  # fmt: skip
    view = build_idle_view(idle)
    assert (view.gaps, view.rest) == (IDLE.gaps[:1], Rest(1, 499))
    legible = msgspec.structs.replace(brief, length_ns=501)
    assert build_idle_view(msgspec.structs.replace(idle, gaps=(legible,))).gaps == (legible,)

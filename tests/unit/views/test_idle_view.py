"""Idle time as it is shown: its causes and its longest gaps."""

from annt_prof.views.idle_view import CauseShare, build_idle_view
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
    assert view.neighbours == ("mystery", "sm90_gemm")

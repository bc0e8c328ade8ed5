"""Where the steps of a trace go: the spread, what is hidden, what is not told one by one."""

import msgspec
import pytest

from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.categories import Category
from annt_prof.views.step_parts import HiddenTime, build_step_parts
from annt_prof.views.step_table_view import build_step_table
from annt_prof.views.trace_steps_view import Unseen, build_trace_steps_view
from hand_made_analysis import BREAKDOWN, STEPS, ns, step


def test_the_mean_and_how_far_steps_lie_apart():
    view = build_trace_steps_view(BREAKDOWN)
    assert view.parts == build_step_parts(BREAKDOWN.mean)
    assert (view.num_steps, view.shortest_ns, view.longest_ns) == (2, ns(90), ns(92.8))


def test_what_is_hidden_and_what_is_not_measured():
    view = build_trace_steps_view(BREAKDOWN)
    assert view.parts.hidden == (
        HiddenTime(Category.H2D_COPY, ns(0.77)),
        HiddenTime(Category.COMMUNICATION, ns(8.8)),
    )
    assert view.unseen == (
        Unseen((Category.GRAD_SCALING,), "it has no range"),
        Unseen((Category.ZERO_GRAD,), "no range"),
    )


def test_categories_that_lack_for_one_reason_stand_together():
    lacking = {
        Category.GRAD_SCALING: "not annotated",
        Category.OPTIMIZER: "no range",
        Category.GRAD_CLIPPING: "not annotated",
    }
    mean = msgspec.structs.replace(BREAKDOWN.mean, not_measured=lacking)
    assert build_trace_steps_view(Breakdown(STEPS, mean)).unseen == (
        Unseen((Category.GRAD_SCALING, Category.GRAD_CLIPPING), "not annotated"),
        Unseen((Category.OPTIMIZER,), "no range"),
    )


def breakdown(num_steps):
    steps = tuple(step(f"step {number}", number, forward=number + 1) for number in range(num_steps))
    return Breakdown(steps, msgspec.structs.replace(BREAKDOWN.mean, num_steps=num_steps))


def test_a_single_step_needs_no_table():
    assert build_trace_steps_view(breakdown(1)).table is None
    assert build_trace_steps_view(BREAKDOWN).table == build_step_table(STEPS)


@pytest.mark.parametrize(("num_steps", "more"), [(20, 0), (27, 7)])
def test_the_first_steps_and_how_many_are_left(num_steps, more):
    view = build_trace_steps_view(breakdown(num_steps))
    assert view.table == build_step_table(breakdown(num_steps).steps[:20])
    assert view.num_more_steps == more

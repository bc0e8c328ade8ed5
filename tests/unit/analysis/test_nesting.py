"""A thread's time by its innermost range: by hand, and against a slow count of every instant."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.analysis.timeline.nesting import self_times

ranges = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(0, 2)), max_size=14
).map(lambda found: [(start, start + length, thread) for start, length, thread in found])


def columns(found):
    return np.array(found, np.int64).reshape(-1, 3).T


def instant_by_instant(found):
    """Give each nanosecond to the range around it that started last."""
    own = [0] * len(found)
    for thread in {thread for *_, thread in found}:
        for instant in range(60):
            around = [
                (start, -end, number)
                for number, (start, end, of) in enumerate(found)
                if of == thread and start <= instant < end
            ]
            if around:
                own[max(around)[2]] += 1
    return own


def test_what_is_inside_is_not_its_own():
    found = [(0, 100, 1), (10, 40, 1), (20, 30, 1), (50, 60, 1), (50, 60, 2)]
    assert self_times(*columns(found)).tolist() == [60, 20, 10, 10, 10]


def test_of_ranges_that_overlap_the_later_has_the_time_of_both():
    assert self_times(*columns([(0, 10, 0), (5, 15, 0), (14, 20, 0)])).tolist() == [5, 9, 6]


def test_nothing_has_no_time():
    assert self_times(*columns([])).tolist() == []
    assert self_times(*columns([(5, 5, 0), (0, 9, 0)])).tolist() == [0, 9]


def test_times_far_apart_on_many_threads_do_not_overflow():
    far = 2**62
    found = [(-far, far - 1, thread) for thread in range(50)]
    assert self_times(*columns(found))[0] == 2**63 - 1


@given(ranges)
def test_as_when_each_instant_is_looked_at(found):
    assert self_times(*columns(found)).tolist() == instant_by_instant(found)


@given(ranges)
def test_a_threads_times_add_up_to_what_its_ranges_cover(found):
    start_ns, end_ns, thread = columns(found)
    own = self_times(start_ns, end_ns, thread)
    for number in range(3):
        mine = thread == number
        covered = first_come(start_ns[mine], end_ns[mine])
        assert own[mine].sum() == (covered.end_ns - covered.start_ns).sum()

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    edges_of,
    first_come,
    innermost,
    last_by,
    time_by_label,
)

HORIZON = 30
ranges = st.lists(
    st.tuples(
        st.tuples(st.integers(0, HORIZON), st.integers(0, HORIZON)).map(sorted), st.integers(0, 3)
    ),
    max_size=12,
)
everywhere = np.arange(-1, HORIZON + 2)


def columns(found):
    spans = np.array([span for span, _ in found], np.int64).reshape(-1, 2)
    return spans[:, 0], spans[:, 1], np.array([label for _, label in found], np.int64)


def winners(found, key):
    """For each instant the label of the covering range with the least key, one at a time."""
    result = []
    for instant in everywhere:
        around = [
            (key(start, end, order), label)
            for order, ((start, end), label) in enumerate(found)
            if start <= instant < end
        ]
        result.append(min(around)[1] if around else NOWHERE)
    return result


@given(ranges)
def test_first_come_keeps_the_time_until_it_ends(found):
    segments = first_come(*columns(found))
    expected = winners(found, lambda start, _end, order: (start, order))
    assert segments.label_at(everywhere).tolist() == expected
    assert segments.covers(everywhere).tolist() == [label != NOWHERE for label in expected]


@given(ranges)
def test_the_innermost_range_has_the_time(found):
    segments = innermost(*columns(found))
    expected = winners(found, lambda start, end, order: (-start, end, -order))
    assert segments.label_at(everywhere).tolist() == expected


@given(ranges)
def test_segments_are_disjoint_ascending_and_not_empty(found):
    for segments in (first_come(*columns(found)), innermost(*columns(found))):
        assert (segments.start_ns < segments.end_ns).all()
        assert (segments.end_ns[:-1] <= segments.start_ns[1:]).all()


@given(ranges)
def test_length_before_counts_the_covered_instants(found):
    segments = first_come(*columns(found))
    covered = segments.covers(everywhere)
    expected = [int(covered[:place].sum()) for place in range(len(everywhere))]
    assert segments.length_before(everywhere).tolist() == expected


@given(ranges, ranges)
def test_time_by_label_counts_instants(found, spans):
    start_ns, end_ns, _ = columns(spans)
    segments = first_come(*columns(found))
    edges = edges_of([segments], start_ns, end_ns)
    totals = (
        time_by_label(edges, segments.label_at(edges), 4, start_ns, end_ns) if len(edges) else []
    )
    for row, start, end in zip(totals, start_ns, end_ns, strict=True):
        labels = segments.label_at(np.arange(start, end))
        assert row.tolist() == [int((labels == each).sum()) for each in range(4)]


def test_large_instants_keep_their_last_nanosecond():
    start = 1712195495888791123
    segments = first_come(np.array([start]), np.array([start + 1]))
    assert segments.covers(np.array([start - 1, start, start + 1])).tolist() == [
        False, True, False,
    ]  # fmt: skip


@given(st.lists(st.integers(0, HORIZON), max_size=8), st.lists(st.integers(-1, HORIZON + 1)))
def test_the_last_value_by_an_instant_is_found_whatever_the_order_and_number(values, instants):
    ascending = np.sort(np.array(values, np.int64))
    for asked in (instants, sorted(instants)):
        expected = [sum(value <= instant for value in values) - 1 for instant in asked]
        assert last_by(ascending, np.array(asked, np.int64)).tolist() == expected


def test_it_is_found_for_instants_of_any_shape():
    assert last_by(np.array([2]), np.array([[1, 2], [3, 3]])).tolist() == [[-1, 0], [0, 0]]

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.timeline.percentiles import percentiles


def test_they_lie_between_ranks():
    assert percentiles(np.array([40, 10, 20, 30]), 0, 50, 95, 100) == [10, 25, 38, 40]
    assert percentiles(np.array([7]), 50, 95) == [7, 7]


@given(
    st.lists(st.integers(0, 2**45), min_size=1, max_size=40),
    st.integers(0, 100),
)
def test_they_are_those_of_numpy(durations_ns, percent):
    expected = round(float(np.percentile(durations_ns, percent)))
    assert percentiles(np.array(durations_ns), percent) == [expected]

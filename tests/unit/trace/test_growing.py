import numpy as np
import pytest

from annt_prof.trace.columns import ForwardLinks
from annt_prof.trace.growing import Growing


def links(numbers):
    return ForwardLinks(np.array(numbers, np.int64), np.array(numbers, np.int32) + 7)


@pytest.mark.parametrize(
    "lengths", [[3], [0, 2], [2, 0], [0, 0], [1, 1, 1], [5, 40, 1, 300, 7, 0, 2]]
)
def test_parts_lie_behind_one_another(lengths):
    growing, expected = Growing(ForwardLinks), np.arange(sum(lengths))
    for part in np.split(expected, np.cumsum(lengths)[:-1]):
        growing.add(links(part))
    whole = growing.whole()
    assert whole.start_ns.tolist() == expected.tolist()
    assert whole.thread.tolist() == (expected + 7).tolist()
    assert (whole.start_ns.dtype, whole.thread.dtype) == (np.int64, np.int32)


def test_a_single_part_is_not_copied_and_the_first_of_many_is_not_written_to():
    first = links([1, 2])
    alone, among = Growing(ForwardLinks), Growing(ForwardLinks)
    alone.add(first)
    assert alone.whole().start_ns is first.start_ns
    among.add(first)
    among.add(links([3]))
    among.whole().start_ns[:] = 0
    assert first.start_ns.tolist() == [1, 2]


def test_no_more_memory_is_held_than_is_filled():
    growing = Growing(ForwardLinks)
    for _ in range(50):
        growing.add(links(range(100)))
    whole = growing.whole()
    assert whole.start_ns.base is None
    assert whole.start_ns.nbytes == 50 * 100 * 8


def test_a_part_of_other_types_is_no_part():
    growing = Growing(ForwardLinks)
    growing.add(links([1]))
    with pytest.raises(TypeError, match="cast"):
        growing.add(ForwardLinks(np.array([0.5]), np.array([1], np.int32)))

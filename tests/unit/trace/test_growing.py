import numpy as np
import pytest

from annt_prof.trace.columns import ForwardLinks
from annt_prof.trace.growing import Growing


def links(numbers):
    return ForwardLinks(np.array(numbers, np.int64), np.array(numbers, np.int32) + 7)


@pytest.mark.parametrize(
    "lengths", [[3], [0, 2], [2, 0], [0, 0], [1, 1, 1], [5, 40, 1, 300, 7, 0, 2]]
)
@pytest.mark.parametrize("first_room", [1, 8, 2**17])
def test_parts_lie_behind_one_another(monkeypatch, lengths, first_room):
    monkeypatch.setattr("annt_prof.trace.growing._FIRST_ROOM", first_room)
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


def test_columns_grow_by_more_than_a_part_where_it_is_small(monkeypatch):
    """To grow for each part would copy all before it, where memory cannot grow in its place."""
    monkeypatch.setattr("annt_prof.trace.growing._FIRST_ROOM", 80)
    resized = []
    growing = Growing(ForwardLinks)
    for number in range(200):
        growing.add(links([number]))
        resized.append(len(growing._columns[0]))
    assert sorted(set(resized[1:])) == [80, 90, 101, 113, 127, 142, 159, 178, 200]


def test_it_begins_anew_once_all_was_taken():
    growing = Growing(ForwardLinks)
    for numbers in ([1, 2], [3]):
        growing.add(links(numbers))
    growing.whole()
    later = links([4, 5, 6, 7])
    growing.add(later)
    assert growing.whole().start_ns.tolist() == later.start_ns.tolist() == [4, 5, 6, 7]


def test_a_part_of_other_types_is_no_part():
    growing = Growing(ForwardLinks)
    growing.add(links([1]))
    with pytest.raises(TypeError, match="cast"):
        growing.add(ForwardLinks(np.array([0.5]), np.array([1], np.int32)))

"""What one process lays down another one takes up, arrays and all."""

import numpy as np
import pytest

from annt_prof.trace.shelf import Laid, Shelf


@pytest.fixture
def shelf():
    shelf = Shelf.empty()
    yield shelf
    shelf.close()


def test_text_is_read_in_pieces(shelf):
    laid = shelf.lay(b"0123456789", 3)
    assert laid == Laid(3, 10)
    assert list(shelf.read(laid, 4)) == [b"0123", b"4567", b"89"]


def test_an_object_comes_back_with_arrays_that_are_its_own(shelf):
    value = ("names", np.arange(5), np.zeros(0, np.int8), {"x": np.array([1.5, np.nan])})
    kept = shelf.keep(value, 1)
    other = shelf.keep(np.full(3, 7), 2)
    name, numbers, none, named = shelf.kept(kept)
    assert name == "names"
    assert numbers.tolist() == [0, 1, 2, 3, 4]
    assert none.dtype == np.int8
    assert not len(none)
    assert np.array_equal(named["x"], [1.5, np.nan], equal_nan=True)
    numbers[0] = 9  # what reading does to columns
    assert shelf.kept(kept)[1].tolist() == [0, 1, 2, 3, 4]
    assert shelf.kept(other).tolist() == [7, 7, 7]


def test_a_shorter_object_takes_the_place_of_a_longer_one(shelf):
    shelf.keep(list(range(10_000)), 0)
    assert shelf.kept(shelf.keep("short", 0)) == "short"

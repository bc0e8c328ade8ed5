"""Long curves keep their extremes, their edges and their breaks."""

from __future__ import annotations

import numpy as np
import pytest

from annt_prof.tui.widgets.reduction import extremes


def curve(num: int) -> tuple[np.ndarray, np.ndarray]:
    xs = np.linspace(0.0, 100.0, num)
    return xs, 50 + np.sin(xs)


def test_a_spike_of_one_point_among_many_stays() -> None:
    xs, ys = curve(100_000)
    ys[54_321] = 1000.0
    ys[12_345] = -1000.0
    ((seen_xs, seen_ys),) = extremes(xs, ys, (0.0, 100.0), 110)
    assert len(seen_xs) <= 2 * 110 + 2
    assert (seen_ys.max(), seen_ys.min()) == (1000.0, -1000.0)
    assert seen_xs[seen_ys.argmax()] == xs[54_321]
    assert (np.diff(seen_xs) > 0).all()
    assert (seen_xs[0], seen_xs[-1]) == (0.0, 100.0)


def test_each_column_has_its_least_and_greatest_point() -> None:
    xs = np.arange(40.0)
    ys = np.tile([0.0, 3.0, -1.0, 2.0], 10)
    ((_, seen),) = extremes(xs, ys, (0.0, 40.0), 10)
    assert sorted(set(seen.tolist()) - {0.0, 2.0}) == [-1.0, 3.0]
    assert (seen == 3.0).sum() == (seen == -1.0).sum() == 10


def test_few_points_stay_as_they_are() -> None:
    xs, ys = curve(20)
    ((seen_xs, seen_ys),) = extremes(xs, ys, (0.0, 100.0), 10)
    assert seen_xs.tolist() == xs.tolist()
    assert seen_ys.tolist() == ys.tolist()


def test_a_view_has_one_point_beyond_each_of_its_edges() -> None:
    xs, ys = np.arange(100.0), np.arange(100.0)
    ((seen, _),) = extremes(xs, ys, (40.5, 42.5), 10)
    assert seen.tolist() == [40.0, 41.0, 42.0, 43.0]


def test_a_break_makes_two_pieces() -> None:
    xs = np.arange(5.0)
    ys = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    pieces = extremes(xs, ys, (0.0, 5.0), 10)
    assert [piece.tolist() for _, piece in pieces] == [[1.0, 2.0], [4.0, 5.0]]


@pytest.mark.parametrize("ys", [[], [np.nan], [np.nan, np.inf]])
def test_what_has_no_points_has_no_pieces(ys: list[float]) -> None:
    assert extremes(np.arange(float(len(ys))), np.array(ys), (0.0, 1.0), 10) == ()


def test_more_breaks_than_columns_are_drawn_over() -> None:
    xs, ys = curve(10_000)
    ys[::3] = np.nan
    assert len(extremes(xs, ys, (0.0, 100.0), 50)) == 1

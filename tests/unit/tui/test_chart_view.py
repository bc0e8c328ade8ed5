"""What is seen of an axis never leaves it."""

from __future__ import annotations

import pytest

from annt_prof.tui.widgets.chart_view import panned, showing, zoomed

WHOLE = (0.0, 100.0)


def test_zooming_leaves_one_place_where_it_is() -> None:
    assert zoomed(WHOLE, WHOLE, 0.5, 20.0) == (10.0, 60.0)


def test_zooming_out_ends_at_the_whole() -> None:
    assert zoomed((10.0, 60.0), WHOLE, 4.0, 20.0) == WHOLE


def test_zooming_in_ends_before_floats_do() -> None:
    view = WHOLE
    for _ in range(100):
        view = zoomed(view, WHOLE, 0.5, 33.0)
    assert 0.0005 < view[1] - view[0] < 0.003


@pytest.mark.parametrize(
    ("by", "seen"), [(5.0, (15.0, 25.0)), (-99.0, (0.0, 10.0)), (99.0, (90.0, 100.0))]
)
def test_panning_stops_at_the_ends(by: float, seen: tuple[float, float]) -> None:
    assert panned((10.0, 20.0), WHOLE, by) == pytest.approx(seen)


def test_a_place_is_brought_into_view() -> None:
    assert showing((10.0, 20.0), WHOLE, 25.0) == (15.0, 25.0)
    assert showing((10.0, 20.0), WHOLE, 5.0) == (5.0, 15.0)
    assert showing((10.0, 20.0), WHOLE, 12.0) == (10.0, 20.0)

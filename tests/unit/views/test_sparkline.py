"""A series as one line of text."""

import pytest

from annt_prof.views.sparkline import ASCII_LEVELS, LEVELS, sparkline


def test_the_least_is_lowest_and_the_greatest_highest() -> None:
    assert sparkline([1.0, 8.0, 4.4]) == "▁█▄"
    assert sparkline(range(8)) == LEVELS
    assert sparkline(range(8), ascii_only=True) == ASCII_LEVELS
    assert ASCII_LEVELS.isascii()


@pytest.mark.parametrize(("values", "drawn"), [([], ""), ([3.0], "▄"), ([3.0] * 3, "▄▄▄")])
def test_what_does_not_vary_is_of_the_middle(values: list[float], drawn: str) -> None:
    assert sparkline(values) == drawn

"""What a cell shows is what covers most of it: held to a second, plain implementation."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_lanes import one_row

from annt_prof.analysis.lanes.lanes import ItemKind
from annt_prof.views.timeline.looks import NUM_LABELS
from annt_prof.views.timeline.picture import EMPTY, Caption, RowIndex, Window


def code(label: int) -> int:
    return ItemKind.KERNEL * NUM_LABELS + label + 1


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    at, items = draw(st.integers(-20, 5)), []
    for gap, length, label in draw(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 15), st.integers(0, 3)), max_size=20)
    ):
        at += gap
        items.append((at, at + length, label))
        at += length
    return items


def plainly(
    items: list[tuple[int, int, int]], left: int, right: int
) -> tuple[int, float, bool, set[int]]:
    """The code of one cell, the share of it that is covered, whether several, and which items."""
    times: Counter[int] = Counter()
    there, instant = set(), set()
    for number, (start, end, label) in enumerate(items):
        if start == end and left <= start < right:
            there.add(number)
            instant.add(label)
        if max(start, left) < min(end, right):
            there.add(number)
            times[label] += min(end, right) - max(start, left)
    if times:
        most = max(times.values())
        label = min(label for label, time in times.items() if time == most)
    elif instant:
        label = min(instant)
    else:
        return EMPTY, 0.0, False, there
    return code(label), sum(times.values()) / (right - left), len(there) > 1, there


@given(rows(), st.integers(-25, 40), st.integers(1, 90), st.integers(1, 30), st.data())
def test_every_cell_shows_what_covers_most_of_it(
    items: list[tuple[int, int, int]], start: int, span: int, cells: int, data: st.DataObject
) -> None:
    on_path = [data.draw(st.booleans()) for _ in items]
    lanes = one_row(items, on_path)
    window = Window(start, start + max(span, cells), cells)
    found = RowIndex(lanes, slice(0, len(items))).cells(window, lanes.names)
    edges = window.edges_ns.tolist()
    assert edges[0] == start
    assert edges[-1] == start + max(span, cells)
    for cell in range(cells):
        wanted, covered, several, there = plainly(items, edges[cell], edges[cell + 1])
        assert found.code[cell] == wanted
        assert abs(found.covered[cell] - covered) < 1e-9
        assert found.several[cell] == several
        assert found.on_path[cell] == any(on_path[number] for number in there)


@given(st.integers(-50, 200), st.integers(1, 90), st.integers(1, 30))
def test_an_instant_is_in_the_cell_between_whose_edges_it_lies(
    instant: int, span: int, cells: int
) -> None:
    window = Window(0, max(span, cells), cells)
    cell, edges = window.cell_of(instant), window.edges_ns
    if 0 <= instant < edges[-1]:
        assert edges[cell] <= instant < edges[cell + 1]
    else:
        assert cell == (0 if instant < 0 else cells - 1)


def test_names_are_written_into_what_is_wide_enough() -> None:
    lanes = one_row([(0, 6, 1), (6, 11, 1)])
    found = RowIndex(lanes, slice(0, 2)).cells(Window(0, 20, 20), ("short",))
    assert found.captions == (Caption(0, 6, "short"),)


def test_a_window_behind_everything_is_empty() -> None:
    found = RowIndex(one_row([(0, 5, 0)]), slice(0, 1)).cells(Window(10, 20, 4), ("kernel",))
    assert found.code.tolist() == [EMPTY] * 4
    assert not np.any(found.several | found.on_path)


def test_of_several_that_take_no_time_the_lowest_code_is_shown() -> None:
    found = RowIndex(one_row([(5, 5, 3), (6, 6, 1)]), slice(0, 2)).cells(Window(0, 10, 1), ("k",))
    assert found.code.tolist() == [code(1)]
    assert found.several.tolist() == [True]

"""Jumps and searches go to the item that a plain look finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_lanes import US, one_row, trained
from test_timeline_picture import rows

from annt_prof.analysis.lanes.lanes import LABELS, ItemKind, Lanes
from annt_prof.views.timeline.finding import (
    extent,
    item_at,
    item_in,
    longest_gaps,
    longest_kernels,
    named,
    next_of,
)


@pytest.fixture
def lanes(tmp_path: Path) -> Lanes:
    return trained(tmp_path)


@given(rows(), st.integers(-25, 60), st.integers(1, 20))
def test_the_item_of_a_stretch_covers_most_of_it(
    items: list[tuple[int, int, int]], start: int, length: int
) -> None:
    end = start + length
    found = item_in(one_row(items), slice(0, len(items)), start, end)
    covers = [
        min(e, end) - max(s, start) if max(s, start) < min(e, end)
        else 0 if s == e and start <= s < end
        else None
        for s, e, _ in items
    ]  # fmt: skip
    if all(time is None for time in covers):
        assert found is None
    else:
        most = max(time for time in covers if time is not None)
        assert found == covers.index(most)


def test_the_item_at_an_instant(lanes: Lanes) -> None:
    stream = len(lanes.lanes) - 1
    places = lanes.places()[stream, 0]
    found = item_at(lanes, places, 300 * US)
    assert found is not None
    assert lanes.names[lanes.name[found]] == "sm80_xmma_fprop_implicit_gemm"
    assert item_at(lanes, places, 500 * US) is None


def test_names_are_found_by_all_of_their_words_whatever_the_case(lanes: Lanes) -> None:
    found = named(lanes, "GEMM implicit")
    assert [int(lanes.start_ns[i]) for i in found] == [300 * US, 1_300 * US]
    assert named(lanes, "gemm elementwise").tolist() == []
    assert named(lanes, " ").tolist() == []
    assert ItemKind.PATH not in lanes.kind[named(lanes, "elementwise")]


def test_matches_follow_one_another_and_go_round(lanes: Lanes) -> None:
    found = named(lanes, "gemm")
    first, second = found.tolist()
    assert next_of(lanes, found, None, 0, 1) == first
    assert next_of(lanes, found, first, 0, 1) == second
    assert next_of(lanes, found, second, 0, 1) == first
    assert next_of(lanes, found, first, 0, -1) == second
    assert next_of(lanes, found, None, 400 * US, -1) == first
    assert next_of(lanes, found, None, 400 * US, 1) == second
    assert next_of(lanes, np.zeros(0, np.intp), None, 0, 1) is None


def test_the_longest_gap_is_whole_whatever_its_causes(lanes: Lanes) -> None:
    gaps = longest_gaps(lanes, 0)
    assert extent(lanes, int(gaps[0])) == (0, 300 * US)
    assert LABELS[ItemKind.GAP][lanes.label[gaps[0]]] == "data_loading"
    assert extent(lanes, int(gaps[1])) == (500 * US, 630 * US)
    assert extent(lanes, int(gaps[2])) == (930 * US, 1_000 * US)
    assert len(gaps) == 3
    assert extent(lanes, int(longest_gaps(lanes, 1)[0])) == (1_000 * US, 1_300 * US)


def test_kernels_come_by_their_length_within_a_step(lanes: Lanes) -> None:
    kernels = longest_kernels(lanes, 1)
    assert [lanes.names[lanes.name[i]] for i in kernels] == [
        "elementwise_kernel", "sm80_xmma_fprop_implicit_gemm",
    ]  # fmt: skip
    assert lanes.start_ns[kernels].tolist() == [1_630 * US, 1_300 * US]


def test_a_step_without_gaps_has_none() -> None:
    assert len(longest_gaps(one_row([(0, 100, 0)]), 0)) == 0


def test_gaps_come_by_their_whole_length_each_by_its_longest_item() -> None:
    lanes = one_row([(0, 45, 0), (50, 60, 1), (60, 100, 0), (110, 115, 2)], step_ns=120)
    lanes.kind[:] = ItemKind.GAP
    assert longest_gaps(lanes, 0).tolist() == [2, 0, 3]
    assert extent(lanes, 1) == extent(lanes, 2) == (50, 100)

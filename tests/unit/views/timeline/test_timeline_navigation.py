"""The window stays in the step with the cursor in it, whatever is pressed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annt_prof.views.timeline import navigation
from annt_prof.views.timeline.navigation import Place

FULL, CELLS = 10_000, 100
moves = st.one_of(
    st.tuples(st.just("zoom"), st.sampled_from([0.5, 2.0])),
    st.tuples(st.just("pan"), st.integers(-150, 150)),
    st.tuples(st.just("shift"), st.sampled_from([-0.5, 0.5])),
    st.tuples(st.just("show"), st.integers(0, FULL - 1)),
    st.tuples(st.just("fit"), st.integers(50, 20_000)),
)


def moved(place: Place, how: str, by: float) -> Place:
    if how == "zoom":
        return navigation.zoomed(place, by)
    if how == "pan":
        return navigation.panned(place, int(by))
    if how == "shift":
        return navigation.shifted(place, by)
    if how == "show":
        return navigation.showing(place, int(by), int(by) + 7)
    return navigation.fitted(place, int(by), CELLS)


@given(st.lists(moves, max_size=20))
def test_the_cursor_is_always_in_a_window_of_the_step(done: list[tuple[str, float]]) -> None:
    place = navigation.whole(FULL, CELLS)
    for how, by in done:
        place = moved(place, how, by)
        margin = round(place.full_ns * 0.02)
        length = place.end_ns - place.start_ns
        assert length >= CELLS
        assert place.start_ns >= -margin
        assert length <= max(place.full_ns + 2 * margin, CELLS)
        assert place.end_ns <= max(place.full_ns + margin, place.start_ns + CELLS)
        assert place.start_ns <= place.cursor_ns < place.end_ns


def test_zooming_keeps_the_instant_where_it_is() -> None:
    place = navigation.at(navigation.zoomed(navigation.whole(FULL, CELLS), 0.5), 4_000)
    closer = navigation.zoomed(place, 0.5)
    assert closer.end_ns - closer.start_ns == (place.end_ns - place.start_ns) // 2
    assert closer.cursor_ns == 4_000
    assert abs(closer.cell - place.cell) <= 1


def test_zooming_around_the_pointer_keeps_that() -> None:
    place = navigation.whole(FULL, CELLS)
    closer = navigation.zoomed(place, 0.5, 7_500)
    assert abs(closer.window.cell_of(7_500) - place.window.cell_of(7_500)) <= 1


def test_a_cell_further_is_one_cell_further() -> None:
    place = navigation.at(navigation.whole(FULL, CELLS), 5_000)
    assert navigation.panned(place, 1).cell == place.cell + 1
    assert navigation.panned(place, -1).cell == place.cell - 1


def test_going_over_the_edge_moves_the_window() -> None:
    place = navigation.zoomed(navigation.whole(FULL, CELLS), 0.25, 0)
    place = navigation.at(place, place.end_ns - 1)
    further = navigation.panned(place, 1)
    assert further.start_ns > place.start_ns
    assert further.cell == CELLS - 1


def test_a_short_item_is_zoomed_to_and_a_long_one_is_not() -> None:
    place = navigation.whole(FULL, CELLS)
    short = navigation.showing(place, 5_000, 5_020)
    assert short.end_ns - short.start_ns == 200
    assert short.cursor_ns == 5_010
    long = navigation.showing(place, 4_000, 6_000)
    assert (long.start_ns, long.end_ns) == (place.start_ns, place.end_ns)
    assert long.cursor_ns == 5_000


def test_the_whole_step_stays_whole_when_the_window_is_resized() -> None:
    place = navigation.fitted(navigation.whole(FULL, CELLS), FULL, 40)
    assert place == navigation.whole(FULL, 40)
    longer = navigation.fitted(place, 3 * FULL, 40)
    assert longer.end_ns - longer.start_ns >= 3 * FULL

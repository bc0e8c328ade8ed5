"""The fold over a log: windows, speedups round by round, who is gone, and since when."""

from __future__ import annotations

import msgspec
import pytest

from annt_prof.runs.events import (
    Activity,
    Event,
    Paused,
    Progressed,
    RunEnded,
    VariantInapplicable,
    VariantLost,
    VariantSkipped,
    VariantsWithheld,
    Warned,
    WindowEnded,
)
from annt_prof.views.live_view import (
    Gone,
    LiveState,
    VariantSoFar,
    live_of_records,
    live_replayed,
)
from annt_prof.views.notices import WarningNotice
from annt_prof.views.progress import replayed
from following import BEGAN_NS, NAMES, SECOND, begun, logged, records, rounds, timed, window_of
from hand_made import lost


def after(*events: Event) -> LiveState:
    return live_replayed(logged([*begun(), *events]))


def of(state: LiveState, name: str) -> VariantSoFar:
    found = state.variant(name)
    assert found is not None
    return found


def test_the_state_that_every_face_has_is_the_same() -> None:
    events = [*begun(), *rounds(3), RunEnded("complete", "done")]
    assert live_replayed(logged(events)).run == replayed(events)


def test_windows_are_told_with_their_shortest_and_longest_step() -> None:
    state = after(*timed("amp", 0))
    (point,) = of(state, "amp").windows
    window = window_of("amp", 0)
    assert (point.round, point.launch, point.throughput) == (0, 0, 200.0)
    assert point.per_iteration_ns == window.per_iteration_ns
    assert of(state, "amp").shortest_ns == (min(window.step_ns),)
    assert of(state, "amp").longest_ns == (max(window.step_ns),)
    assert not of(state, "baseline").windows


def test_speedups_are_kept_round_by_round() -> None:
    state = after(*rounds(6))
    found = of(state, "amp").speedups
    assert [speedup.rounds for speedup in found] == [1, 2, 3, 4, 5, 6]
    assert found[-1] == records(6)[1].speedup
    assert of(state, "amp").speedup == found[-1]
    assert (state.round, state.launch, state.num_progressed) == (5, 2, 6)


def test_the_same_records_again_are_no_other_speedup() -> None:
    state = after(*rounds(2), Progressed(records(2)))
    assert len(of(state, "amp").speedups) == 2


def test_the_last_speedup_is_as_the_last_record_has_it() -> None:
    """What an epoch's start costs, say, is settled only after the last round."""
    settled = [
        msgspec.structs.replace(
            record, speedup=record.speedup and msgspec.structs.replace(record.speedup, ratio=1.25)
        )
        for record in records(2)
    ]
    found = of(after(*rounds(2), Progressed(tuple(settled))), "amp").speedups
    assert [speedup.ratio for speedup in found] == [records(1)[1].speedup.ratio, 1.25]  # type: ignore[union-attr]
    assert [speedup.rounds for speedup in found] == [1, 2]


def test_a_speedup_that_the_last_record_lacks_is_no_longer_told() -> None:
    without = tuple(msgspec.structs.replace(record, speedup=None) for record in records(2))
    assert of(after(*rounds(2), Progressed(without)), "amp").speedup is None


def test_logs_without_windows_take_them_from_the_records() -> None:
    old = [
        WindowEnded(e.variant, e.round, e.throughput, e.measured_s)
        if isinstance(e, WindowEnded)
        else e
        for e in rounds(2)
    ]
    assert [p.launch for p in of(after(*old[:-1]), "amp").windows] == [0, None]
    told = of(after(*old), "amp")
    assert [p.per_iteration_ns for p in told.windows] == [
        window_of("amp", n).per_iteration_ns for n in (0, 1)
    ]
    assert len(told.shortest_ns) == 2


@pytest.mark.parametrize(
    ("event", "how"),
    [
        (VariantLost("amp", "killed"), "lost"),
        (VariantInapplicable("amp", "no device"), "inapplicable"),
        (VariantSkipped("amp", 2), "skipped"),
        (VariantsWithheld(("amp",), "the baseline crashed"), "withheld"),
    ],
)
def test_who_is_gone_is_known_with_the_round(event: Event, how: str) -> None:
    state = after(*rounds(2), Activity("timing", "baseline", 2), event, *timed("all", 2))
    assert of(state, "amp").gone == Gone(how, 2)
    assert of(state, "all").gone is None


def test_a_variant_is_gone_since_the_first_time_it_was_said() -> None:
    state = after(*rounds(1), VariantLost("amp", "x"), *timed("all", 1), VariantLost("amp", "y"))
    assert of(state, "amp").gone == Gone("lost", 0)


def test_notices_have_the_time_at_which_they_were_told() -> None:
    state = after(Warned("little memory"))
    assert state.log[-1].notice == WarningNotice("little memory")
    assert state.log[-1].at_ns == state.last_ns == BEGAN_NS + len(begun()) * SECOND


def test_what_goes_on_has_the_time_at_which_it_began() -> None:
    num = len(begun())
    state = after(Activity("timing", "amp", 0), Warned("something else"))
    assert state.doing_since_ns == BEGAN_NS + num * SECOND
    assert after(*timed("amp", 0), Paused()).doing_since_ns == BEGAN_NS + (num + 2) * SECOND


def test_a_record_alone_tells_windows_and_who_is_gone() -> None:
    skipped = msgspec.structs.replace(records(2)[1], name="skipped", skipped=True)
    gone = lost("crashed", "crashed", "x")
    state = live_of_records((*records(3), gone, skipped))
    assert [v.name for v in state.variants] == [*NAMES, "crashed", "skipped"]
    assert [len(v.windows) for v in state.variants] == [3, 3, 3, 0, 2]
    assert of(state, "crashed").gone == Gone("lost", 0)
    assert of(state, "skipped").gone == Gone("skipped", 2)
    assert of(state, "amp").speedup == records(3)[1].speedup
    assert state.over
    assert state.round == 2

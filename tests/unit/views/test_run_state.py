"""A saved list of events, replayed, gives the state of the run; no figure of it appears twice."""

from itertools import accumulate

import msgspec
import pytest

from annt_prof.runs.events import (
    Activity,
    Estimated,
    Event,
    MeasuringEnded,
    Paused,
    Planned,
    Progressed,
    Resumed,
    RunEnded,
    RunOutcome,
    Started,
    TechniqueLeftOut,
    VariantInapplicable,
    VariantLost,
    VariantSkipped,
    VariantsWithheld,
    Warned,
    WindowEnded,
)
from annt_prof.runs.record import VariantRecord
from annt_prof.views.notices import (
    BudgetView,
    EndedNotice,
    EstimateNotice,
    InapplicableNotice,
    LeftOutNotice,
    LostNotice,
    PlanNotice,
    SkippedNotice,
    WarningNotice,
    WindowsNotice,
    WithheldNotice,
)
from annt_prof.views.progress import (
    Doing,
    Ending,
    LastWindow,
    MeasuringLeft,
    Position,
    RunState,
    replayed,
    state_after,
)
from hand_made import lost, variant

RECORDS = (variant("baseline", [41.0]), variant("all", [37.0]))
EVENTS: list[Event] = [
    Activity("starting"),
    Warned("it may not fit"),
    Started(("baseline", "amp", "all"), 12, 90.0, "sampled", precision=0.01),
    Activity("preparing", "baseline"),
    Estimated(total_s=321.5, step_ns=98_765_432.0, launches=3, needed=5, enough_s=210),
    Activity("preparing", "amp"),
    VariantLost("amp", "killed by signal 9"),
    Planned(
        iterations=7,
        switch_in=2,
        at_epoch=True,
        round_s=12.25,
        launches=8,
        needed=6,
        enough_s=130,
    ),
    Activity("timing", "baseline", 0),
    WindowEnded("baseline", 0, 123.4, 10.5),
    Activity("timing", "all", 0),
    WindowEnded("all", 0, 1234.56, 21.75),
    Progressed(RECORDS),
    Activity("timing", "all", 1),
    WindowEnded("all", 1, 77.7, 95.0),
    MeasuringEnded("time_budget", "time is up"),
    Activity("tracing", "baseline"),
]
ENDED = RunState(
    variants=("baseline", "amp", "all"),
    prepared=("baseline", "amp"),
    gone=frozenset({"amp"}),
    max_rounds=12,
    time_budget_s=90.0,
    precision=0.01,
    doing=Doing("tracing", "baseline", None),
    measured_s=95.0,
    measuring_began=True,
    measuring_ended="time_budget",
    last_window=None,
    notices=(
        WarningNotice("it may not fit"),
        PlanNotice("sampled", True, 3, 12, 36, 90.0),
        EstimateNotice(98_765_432.0, 321.5, BudgetView(3, 5, 210)),
        LostNotice("amp", "killed by signal 9"),
        WindowsNotice(True, 7, 12.25e9, BudgetView(8, 6, 130)),
        EndedNotice("time is up"),
    ),
    records=RECORDS,
)


def test_a_saved_run_replays_to_its_state() -> None:
    saved = msgspec.json.encode(EVENTS)
    assert replayed(msgspec.json.decode(saved, type=list[Event])) == ENDED


def test_what_goes_on_and_what_is_left_at_each_moment() -> None:
    states = list(accumulate(EVENTS, state_after, initial=RunState()))
    assert (states[0].max_rounds, states[0].time_budget_s, states[0].variants) == (0, 0.0, ())
    told = [(state.doing, state.left) for state in states]
    assert list(dict.fromkeys(told)) == [
        (None, None),
        (Doing("starting", "", None), None),
        (Doing("preparing", "baseline", None), Position(1, 3)),
        (Doing("preparing", "amp", None), Position(2, 3)),
        (None, MeasuringLeft(90.0)),
        (Doing("timing", "baseline", 1), MeasuringLeft(90.0)),
        (Doing("timing", "baseline", 1), MeasuringLeft(79.5)),
        (Doing("timing", "all", 1), MeasuringLeft(79.5)),
        (Doing("timing", "all", 1), MeasuringLeft(68.25)),
        (Doing("timing", "all", 2), MeasuringLeft(68.25)),
        (Doing("timing", "all", 2), None),
        (Doing("tracing", "baseline", None), None),
    ]
    assert [state.measuring_began for state in states] == [False] * 8 + [True] * 10


@pytest.mark.parametrize(("round_s", "left"), [(90.0, MeasuringLeft(69.0)), (90.1, None)])
def test_the_budget_bounds_no_first_round_that_takes_longer(
    round_s: float, left: MeasuringLeft | None
) -> None:
    planned = Planned(7, 2, False, round_s, 1, 6, 600)
    events = [*EVENTS[:7], planned, EVENTS[8], WindowEnded("baseline", 0, 1.0, 21.0)]
    assert replayed(events).left == left
    # Once it is done, no round begins that would take longer than what is left.
    assert replayed([*events, Progressed(RECORDS)]).left == MeasuringLeft(69.0)


def test_the_share_of_the_budget_that_is_used_is_told_beyond_all_of_it() -> None:
    states = accumulate(EVENTS, state_after, initial=RunState())
    shares = [state.budget_used for state in states]
    assert list(dict.fromkeys(shares)) == [None, 0.0, 10.5 / 90, 21.75 / 90, 95 / 90]
    assert replayed([Activity("timing", "baseline", 0)]).budget_used is None


def test_a_fresh_launch_is_prepared_while_measuring_goes_on() -> None:
    state = replayed([*EVENTS[:12], Activity("preparing", "baseline")])
    assert state.left == MeasuringLeft(68.25)
    assert state.last_window == LastWindow("all", 1234.56)


@pytest.mark.parametrize(("launches", "suffices"), [(4, False), (5, True), (6, True)])
def test_a_budget_suffices_where_it_holds_what_is_needed(launches: int, suffices: bool) -> None:
    assert BudgetView(launches, 5, 210).suffices is suffices


@pytest.mark.parametrize("design", ["alone", "factorial"])
def test_only_a_sampled_plan_is_partial(design: str) -> None:
    (plan,) = replayed([Started(("baseline",), 3, 60.0, design)]).notices
    assert plan == PlanNotice(design, False, 1, 3, 3, 60.0)


@pytest.mark.parametrize(
    "event", [EVENTS[15], Activity("writing"), RunEnded("interrupted", "interrupted")]
)
def test_no_throughput_is_left_once_measuring_is_over(event: Event) -> None:
    measuring = replayed(EVENTS[:15])
    assert measuring.last_window == LastWindow("all", 77.7)
    assert state_after(measuring, event).last_window is None


def test_a_technique_that_is_refused_is_told_with_the_variants_that_go_on_without_it() -> None:
    state = replayed(
        [VariantInapplicable("sdpa", "no kernel"), TechniqueLeftOut("sdpa", ("all", "b"), "none")]
    )
    assert state.notices == (
        InapplicableNotice("sdpa", "no kernel"),
        LeftOutNotice("sdpa", ("all", "b"), "none"),
    )
    assert state.gone == {"sdpa"}


def test_what_a_baseline_that_crashes_takes_with_it_is_told_and_no_longer_counted() -> None:
    state = replayed(
        [
            Started(("baseline", "amp", "all"), 12, 90.0, "alone"),
            Activity("preparing", "baseline"),
            VariantLost("baseline", "boom"),
        ]
    )
    assert state.running == ("amp", "all")
    state = state_after(state, VariantsWithheld(("amp", "all"), "no baseline"))
    assert state.running == ()
    assert state.notices[1:] == (
        LostNotice("baseline", "boom"),
        WithheldNotice(("amp", "all"), "no baseline"),
    )


def test_what_is_skipped_runs_no_longer_and_is_told() -> None:
    before = replayed(EVENTS[:12])
    assert before.last_window is not None
    assert before.last_window.variant == "all"
    state = state_after(before, VariantSkipped("all", 1))
    assert state.running == ("baseline",)
    assert (state.doing, state.last_window) == (None, None)
    assert state.notices[-1] == SkippedNotice("all", 1)


def test_a_round_is_whole_without_what_was_skipped() -> None:
    records = (variant("baseline", [41.0] * 2), variant("all", [37.0], skipped=True))
    assert replayed([Progressed(records)]).last_round_is_whole


@pytest.mark.parametrize(
    "after",
    [
        Resumed(),
        Activity("writing"),
        MeasuringEnded("asked", "stopped"),
        RunEnded("interrupted", "interrupted"),
    ],
)
def test_a_run_is_paused_until_it_goes_on_or_ends(after: Event) -> None:
    state = replayed([*EVENTS[:13], Paused()])
    assert state.paused
    assert (state.doing, state.last_window) == (None, None)
    assert not state_after(state, after).paused


def test_positions_count_what_is_prepared_in_whatever_order_and_what_is_still_to_come() -> None:
    """Sets are prepared after single techniques, and some of them not at all."""
    events = [
        Started(("baseline", "again", "amp", "both", "clip", "all"), 12, 90.0, "factorial"),
        Activity("preparing", "baseline"),
        Activity("preparing", "amp"),
        VariantLost("amp", "boom"),
        Activity("preparing", "clip"),
        VariantInapplicable("both", "without amp it is the same as clip"),
        Activity("preparing", "again"),
        Activity("preparing", "all"),
        Activity("preparing", "all"),
    ]
    states = accumulate(events, state_after, initial=RunState())
    positions = [state.left for state in states]
    assert [left for left in dict.fromkeys(positions) if left is not None] == [
        Position(1, 6),
        Position(2, 6),
        Position(3, 6),
        Position(3, 5),
        Position(4, 5),
        Position(5, 5),
    ]


@pytest.mark.parametrize("outcome", ["complete", "interrupted", "failed"])
def test_a_run_that_has_ended_does_nothing_and_says_how(outcome: RunOutcome) -> None:
    timing = EVENTS[:15]
    assert replayed(timing).ended is None
    state = replayed([*timing, RunEnded(outcome, "why")])
    assert (state.doing, state.left) == (None, None)
    assert state.ended == Ending(outcome, "why")


@pytest.mark.parametrize(("count", "cause"), [(15, None), (17, "time_budget")])
def test_why_a_run_is_broken_off_is_not_why_measuring_ended(count: int, cause: str | None) -> None:
    before = replayed(EVENTS[:count])
    state = replayed([*EVENTS[:count], Activity("writing"), RunEnded("interrupted", "interrupted")])
    assert state.measuring_ended == cause
    assert state.notices == before.notices  # the answer says it


def test_no_measuring_is_left_for_a_process_that_is_started_to_be_traced() -> None:
    """Where variants live one after the other, each is prepared once more."""
    assert replayed(EVENTS[:16]).doing is None
    state = replayed([*EVENTS[:16], Activity("preparing", "baseline")])
    assert (state.doing, state.left) == (Doing("preparing", "baseline", None), None)
    assert replayed([*EVENTS[:15], Activity("writing")]).left is None


@pytest.mark.parametrize(
    ("records", "whole"),
    [
        ((), True),
        ((variant("baseline", []), variant("all", [])), True),
        ((variant("baseline", [41.0]), variant("all", [])), False),
        ((variant("baseline", [41.0, 43.0]), variant("all", [37.0])), False),
        ((variant("baseline", [41.0, 43.0]), variant("all", [37.0, 38.0])), True),
        ((variant("baseline", [41.0, 43.0]), lost("all", "out_of_memory", "no room")), True),
    ],
)
def test_whether_the_last_round_is_whole_is_told_by_what_is_left(
    records: tuple[VariantRecord, ...], whole: bool
) -> None:
    assert replayed([Progressed(records)]).last_round_is_whole is whole


def test_the_budget_runs_from_the_first_round_on_whose_first_process_is_yet_to_start() -> None:
    """Where variants live one after the other, each is prepared in every round."""
    assert replayed([*EVENTS[:8], Activity("preparing", "baseline")]).left == MeasuringLeft(90.0)
    # The first window's variant is lost, and nothing has been measured yet.
    events = [*EVENTS[:7], Activity("timing", "baseline", 0), Activity("preparing", "all")]
    assert replayed(events).left == MeasuringLeft(90.0)


@pytest.mark.parametrize(
    "event",
    [
        VariantLost("all", "killed by signal 9"),
        VariantInapplicable("all", "the same"),
        VariantsWithheld(("amp", "all"), "no baseline"),
    ],
)
def test_a_variant_that_is_lost_does_nothing_and_has_no_throughput(event: Event) -> None:
    before = replayed(EVENTS[:15])
    assert before.doing == Doing("timing", "all", 2)
    state = state_after(before, event)
    assert (state.doing, state.last_window, state.left) == (None, None, None)


def test_what_others_do_goes_on_as_a_variant_is_lost() -> None:
    before = replayed(EVENTS[:15])
    state = state_after(before, VariantLost("baseline", "killed by signal 9"))
    assert (state.doing, state.last_window) == (before.doing, before.last_window)
    assert state.running == ("all",)


def test_a_variant_that_is_lost_in_its_second_launch_is_counted_no_longer() -> None:
    events = [*EVENTS[:13], Activity("preparing", "all"), VariantLost("all", "no memory")]
    state = replayed(events)
    assert (state.running, state.doing, state.last_window) == (("baseline",), None, None)
    assert state.left == MeasuringLeft(68.25)


def test_a_variant_is_warmed_up_at_the_place_that_it_was_built_at() -> None:
    built = [*EVENTS[:4], Activity("preparing", "all"), Activity("warming", "baseline")]
    assert replayed(built).left == Position(1, 3)
    assert replayed(built).prepared == ("baseline", "all")
    assert replayed([*built, Activity("warming", "all")]).left == Position(2, 3)


def test_the_budget_runs_while_the_starts_of_epochs_are_timed() -> None:
    state = replayed([*EVENTS[:12], Activity("timing_epochs", "baseline")])
    assert (state.doing, state.left) == (
        Doing("timing_epochs", "baseline", None),
        MeasuringLeft(68.25),
    )

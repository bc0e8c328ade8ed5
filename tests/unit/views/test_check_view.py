"""What is printed of a check: figures in one unit, the worst first, nothing left unsaid."""

import msgspec
import pytest

from annt_prof.check.result import Estimate, Grown, GrownKind, Outcome, Part, Reason, Where
from annt_prof.scenario.budgets import Against, AgainstKind, Budget, LimitKind
from annt_prof.views.budget_figures import as_written, figures_of
from annt_prof.views.check_view import Place, Severity, build_check_view
from annt_prof.views.growth import SHOWN_KERNELS, growth_of
from hand_made_checks import (
    CHECKS,
    FAILED,
    HOSTILE,
    LOADING,
    MEMORY,
    MISTAKEN,
    MS,
    NO_BASELINE,
    OTHER_MACHINE,
    PASSED,
    PITFALLS,
    STEP_RATIO,
    STEP_TIME,
    THROUGHPUT,
    UNTOLD,
    WHERE,
    WIDENED,
    WON,
    check,
    estimate,
    held,
)

GIB = 1024**3


def budget(metric, kind, limit, text="", **changes):
    return Budget(metric, kind, limit, text or str(limit), **changes)


@pytest.mark.parametrize(
    ("checked", "measured", "limit", "margin"),
    [
        (FAILED, "1.102x (at least 1.071x)", "at most 1.050x", "5.0 % over"),
        (PASSED, "40.20 ms (at most 40.61 ms)", "at most 42.00 ms", "4.3 % to spare"),
        (UNTOLD, "5.2 % (between 4.6 % and 5.8 %)", "at most 5.0 % or 1 ms", "-"),
        (WON, "1.131x (at least 1.090x)", "at least 0.970x", "16.6 % to spare"),
        (
            held(THROUGHPUT, estimate(0.9, 0.88, 0.93), outcome=Outcome.FAIL),
            "0.900x (at most 0.930x)", "at least 0.970x", "7.2 % under",
        ),
        (NO_BASELINE, "-", "at least 0.970x", "-"),
        (WIDENED, "1.020x (at most 1.040x)", "at most 1.080x", "5.6 % to spare"),
        (
            held(MEMORY, estimate(12.5 * GIB, 12.4 * GIB, 12.6 * GIB), outcome=Outcome.FAIL),
            "12.50 GiB (at least 12.40 GiB)", "at most 12.00 GiB", "4.2 % over",
        ),
        (
            held(budget("throughput", LimitKind.MIN, 1200.0), estimate(1310.25, 1290.0, 1330.0)),
            "1,310.2 samples/s (at least 1,290.0 samples/s)", "at least 1,200.0 samples/s",
            "9.2 % to spare",
        ),
        (
            held(budget("energy_per_sample", LimitKind.MAX, 0.5), estimate(0.25, 0.24, 0.26)),
            "0.2500 J (at most 0.2600 J)", "at most 0.5000 J", "50.0 % to spare",
        ),
        (
            held(
                budget("mfu", LimitKind.MIN, 0.4), estimate(0.38, 0.37, 0.39),
                outcome=Outcome.FAIL,
            ),
            "38.0 % (at most 39.0 %)", "at least 40.0 %", "2.0 points under",
        ),
        (
            held(budget("skipped_steps", LimitKind.MAX, 0), Estimate(3.0), outcome=Outcome.FAIL),
            "3", "at most 0", "3 over",
        ),
        (held(PITFALLS, Estimate(2.0), outcome=Outcome.FAIL), "2 found", "none", "-"),
    ],
)  # fmt: skip
def test_figures_are_in_the_unit_of_their_metric(checked, measured, limit, margin):
    figures = figures_of(checked)
    assert (figures.measured, figures.limit, figures.margin) == (measured, limit, margin)


def test_no_bound_reads_like_the_limit_that_it_breaks():
    broken = held(STEP_RATIO, estimate(1.06, 1.0502, 1.07), outcome=Outcome.FAIL)
    figures = figures_of(broken)
    assert figures.measured == "1.0600x (at least 1.0502x)"
    assert figures.limit == "at most 1.0500x"


def test_where_one_bound_is_lacking_the_other_is_told():
    low_alone = held(LOADING, estimate(0.052, 0.046, None), outcome=Outcome.INCONCLUSIVE)
    high_alone = held(LOADING, estimate(0.052, None, 0.058), outcome=Outcome.INCONCLUSIVE)
    assert figures_of(low_alone).measured == "5.2 % (at least 4.6 %)"
    assert figures_of(high_alone).measured == "5.2 % (at most 5.8 %)"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (STEP_TIME, "step_time: {max: 42 ms}"),
        (STEP_RATIO, "step_time: {max_ratio: 1.05, to: reference}"),
        (LOADING, "data_loading: {max_share: 5 %, floor: 1 ms}"),
        (PITFALLS, "no_pitfalls: [item_every_iteration]"),
        (budget("no_pitfalls", LimitKind.NONE_OF, 0), "no_pitfalls: all"),
        (
            budget(
                "step_time", LimitKind.MAX_RATIO, 0.6, "0.60",
                to=Against(AgainstKind.VARIANT, "baseline"), variant="amp",
            ),
            "step_time: {max_ratio: 0.60, to: variant:baseline, variant: amp}",
        ),
    ],
)  # fmt: skip
def test_a_budget_reads_as_it_was_written(written, expected):
    assert as_written(written) == expected


@pytest.mark.parametrize(
    ("outcome", "word", "verdict"),
    [
        ("pass", "pass", "3 of 3 budgets held"),
        (
            "failure",
            "FAIL",
            "2 of 5 budgets failed, 1 cannot be told, 1 skipped",
        ),
        ("inconclusive", "inconclusive", "1 of 2 budgets cannot be told"),
        ("skipped", "nothing checked", "2 of 2 budgets skipped"),
        ("win", "pass", "2 of 2 budgets held"),
    ],
)
def test_the_verdict_counts_what_came_of_the_budgets(outcome, word, verdict):
    view = build_check_view(CHECKS[outcome])
    assert (view.word, view.verdict) == (word, verdict)


def test_a_check_without_budgets_checked_nothing():
    view = build_check_view(check())
    assert (view.word, view.verdict) == ("nothing checked", "there are no budgets")


def test_failures_come_with_the_worst_first_and_uncounted_ones_last():
    slight = held(STEP_TIME, estimate(43 * MS, 42.5 * MS, 44 * MS), outcome=Outcome.FAIL)
    view = build_check_view(check(MISTAKEN, slight, FAILED))
    assert [row.label for row in view.failures] == [
        "step_time of full to reference", "step_time of full", "no_pitfalls",
    ]  # fmt: skip
    assert [row.checked for row in view.rows] == [MISTAKEN, slight, FAILED]


def test_a_tenth_of_a_minimum_is_further_off_than_three_times_a_maximum():
    slow = held(STEP_TIME, estimate(3 * 42 * MS, 100 * MS, 140 * MS), outcome=Outcome.FAIL)
    few = held(
        budget("throughput", LimitKind.MIN, 1000.0), estimate(100.0, 90.0, 110.0),
        outcome=Outcome.FAIL,
    )  # fmt: skip
    view = build_check_view(check(slow, few))
    assert [(row.label, row.margin) for row in view.failures] == [
        ("throughput", "90.0 % under"), ("step_time", "200.0 % over"),
    ]  # fmt: skip


def test_a_figure_beyond_one_run_of_another_day_says_what_is_not_known():
    beyond = held(THROUGHPUT, estimate(0.9, 0.88, 0.92), outcome=Outcome.FAIL)
    told = build_check_view(check(beyond)).rows[0].sentence
    assert "from one day to the next is not known" in told
    known = msgspec.structs.replace(beyond, noise=0.02)
    assert "one day" not in build_check_view(check(known)).rows[0].sentence
    assert "one day" not in build_check_view(check(FAILED)).rows[0].sentence


def test_labels_say_no_more_than_tells_budgets_apart():
    other = held(STEP_TIME, None, variant="amp")
    pinned = held(msgspec.structs.replace(STEP_RATIO, kind=LimitKind.MIN_RATIO), None)
    labels = [r.label for r in build_check_view(check(PASSED, other, FAILED, pinned, WON)).rows]
    assert labels == [
        "step_time of full", "step_time of amp", "step_time of full to reference, max_ratio",
        "step_time of full to reference, min_ratio", "throughput",
    ]  # fmt: skip


def test_a_place_is_taken_apart_from_its_end():
    row = build_check_view(
        check(held(msgspec.structs.replace(LOADING, place="a:b.yaml:3:7"), None))
    )
    assert row.rows[0].place == Place("a:b.yaml", 3, 7)
    assert (
        build_check_view(check(held(budget("mfu", LimitKind.MIN, 0.4), None))).rows[0].place is None
    )


def test_budgets_that_broke_the_same_way_are_explained_once():
    again = held(STEP_TIME, estimate(46 * MS, 45 * MS, 47 * MS), outcome=Outcome.FAIL,
                 where=WHERE, against=FAILED.against)  # fmt: skip
    elsewhere = held(LOADING, estimate(0.2, 0.1, 0.3), outcome=Outcome.FAIL, where=Where())
    view = build_check_view(check(FAILED, again, elsewhere, MISTAKEN))
    assert [cause.labels for cause in view.causes] == [
        ("data_loading",), ("step_time of full", "step_time of full to reference"),
    ]  # fmt: skip
    assert view.cause_of(view.rows[0]) is view.causes[1]
    assert view.cause_of(view.rows[3]) is None
    assert view.causes[1].about == (
        "step_time of full and step_time of full to reference",
        "variant full against worktree 1a2b3c4", "timed step 42.10 -> 46.39 ms (+4.29 ms)",
    )  # fmt: skip


def test_whose_time_went_somewhere_is_said_where_there_are_several_alone():
    assert build_check_view(check(FAILED)).causes[0].about[0].startswith("variant full")


def test_of_a_limit_that_stands_alone_where_the_step_goes_is_told():
    shares = {"a": 40, "b": 30, "c": 10, "d": 8, "e": 6, "f": 4, "g": 2}
    parts = tuple(Part(name, ms * MS) for name, ms in shares.items())
    growth = growth_of(Where(why_not="nothing to tell growth from", parts=parts))
    assert growth.title == "Where the step goes"
    assert growth.parts == (
        "a 40.0 %, b 30.0 %, c 10.0 %, d 8.0 %, e 6.0 %, others 6.0 % of a traced step of 100.0 ms"
    )
    assert growth_of(WHERE).parts is None
    timed = Where(why_not="nothing to tell growth from", parts=parts, of_timed=True)
    assert growth_of(timed).parts.endswith("of a timed step of 100.0 ms")


def test_shares_are_of_all_that_grew_and_what_is_not_listed_is_told():
    listed = tuple(
        Grown(GrownKind.CATEGORY, name, MS, 2 * MS, (MS // 2, 2 * MS)) for name in "abcde"
    )
    growth = growth_of(Where(grown=listed, grew_ns=7 * MS, shrank_ns=6 * MS, of_timed=True))
    assert [row.share for row in growth.rows] == ["14 %"] * 5
    assert growth.note == (
        "per timed step, divided as the traced steps are; 95 % is of how they divide it, and not "
        "of how well the step is known; smaller categories grew by 2.000 ms together; others "
        "shrank by 6.000 ms together"
    )


def test_what_would_read_as_nothing_is_not_told():
    grown = (Grown(GrownKind.CATEGORY, "forward", 0, 90 * MS, (1, 91 * MS)),)
    told = growth_of(Where(grown=grown, grew_ns=90 * MS + 99, shrank_ns=99, of_timed=True)).note
    assert "smaller categories" not in told
    assert "shrank" not in told


def test_by_failing_on_wins_there_are_more_wrong_alarms():
    usual, doubled = (
        dict(build_check_view(CHECKS["win"], fail_on_win=each).facts)["wrong alarms"]
        for each in (False, True)
    )
    assert doubled == f"{usual}; by --fail-on-win as many more"


def test_why_two_steps_divided_are_not_quite_the_ratio_is_told():
    grown = (Grown(GrownKind.CATEGORY, "sync", 0, MS, (1, 2)),)
    told = growth_of(Where(grown=grown, step_before_ns=MS, step_after_ns=2 * MS)).note
    assert told.endswith("and agree but for that; shares are of all that grew")
    assert "geometric" not in growth_of(Where(grown=grown, step_before_ns=MS)).note


@pytest.mark.parametrize(
    ("interval_ns", "doubt"),
    [
        ((1, 2), None),
        ((-1, 2), "what grew most lies within what launches differ by"),
        (None, "too few traces beside one another for an interval"),
    ],
)
def test_what_may_be_chance_is_called_a_hint(interval_ns, doubt):
    note = growth_of(Where(grown=(Grown(GrownKind.CATEGORY, "sync", 0, MS, interval_ns),))).note
    assert ("hint" in note) == (doubt is not None)
    assert doubt is None or doubt in note


def test_the_interval_of_a_wait_is_told_apart_since_no_trace_is_in_it():
    wait = Grown(GrownKind.CATEGORY, "data_loading", 0, 2 * MS, (MS, 3 * MS))
    other = Grown(GrownKind.CATEGORY, "forward", 0, MS, (1, 2 * MS))
    alone = "per timed step, divided as the traced steps are; 95 % is of the timed waits"
    assert growth_of(Where(grown=(wait,), of_timed=True)).note == alone
    both = growth_of(Where(grown=(wait, other), of_timed=True)).note
    assert "95 % is of how they divide it (data_loading: of the timed waits), and not" in both
    noisy = Grown(GrownKind.CATEGORY, "data_loading", 0, MS, (-MS, 3 * MS))
    assert "hint" in growth_of(Where(grown=(noisy,), of_timed=True)).note


def test_what_cannot_be_told_is_told_before_what_was_skipped_and_won():
    view = build_check_view(check(WON, OTHER_MACHINE, UNTOLD, WIDENED, FAILED))
    assert [(n.severity, n.label.partition(" ")[0]) for n in view.notices] == [
        (Severity.WARNING, "data_loading"), (Severity.WARNING, "peak_memory"),
        (Severity.NOTICE, "throughput"), (Severity.NONE, "step_time"),
    ]  # fmt: skip
    texts = [notice.text for notice in view.notices]
    assert texts[0] == "the limit lies between the bounds: more launches may tell"
    assert texts[1] == OTHER_MACHINE.detail
    assert texts[3] == (
        "limit widened from 1.050x: runs of the same code differ by 8.0 % here"
    )  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason):
    view = build_check_view(check(held(LOADING, None, outcome=Outcome.SKIPPED, reason=reason)))
    assert len(view.notices[0].text) > 10


def test_a_win_says_how_to_keep_it():
    place = "runs/my run"
    of_baseline = build_check_view(check(WON, directory=place)).rows[0]
    assert of_baseline.notes[0].endswith("annt-prof baseline accept 'runs/my run' keeps it")
    alone = build_check_view(check(msgspec.structs.replace(PASSED, is_win=True))).rows[0]
    assert alone.notes[0].endswith("a tighter limit keeps it")
    assert (alone.severity, alone.word) == (Severity.NOTICE, "better")


def test_a_win_is_a_failure_for_those_who_pin_both_ways():
    view = build_check_view(CHECKS["win"], fail_on_win=True)
    assert view.outcome is Outcome.FAIL
    assert [row.label for row in view.failures] == ["throughput"]
    assert view.failures[0].sentence.endswith("better than its limit by more than noise explains")
    assert view.failures[0].severity is Severity.ERROR
    assert not view.notices


def test_what_would_have_failed_is_always_said():
    unknown = held(MEMORY, estimate(GIB, None, None, smallest_seen=None))
    assert build_check_view(check(PASSED, unknown, NO_BASELINE, MISTAKEN)).smallest_seen == (
        "step_time of 42.76 ms or more, four times out of five; not known of peak_memory"
    )
    said = build_check_view(check(unknown)).smallest_seen
    assert said == "not known: too little was measured to tell"
    for each in (check(NO_BASELINE), check()):
        said = build_check_view(each).smallest_seen
        assert said == "not known: no budget was held to an interval"


def test_the_level_and_the_looks_are_told():
    facts = dict(build_check_view(CHECKS["failure"]).facts)
    assert facts["launches"] == "12 launches, looked at 2 times"
    assert facts["wrong alarms"].startswith("at most 1 % of checks of unchanged code")
    once = dict(build_check_view(check(looks=1, launches=5)).facts)
    assert once["launches"] == "5 launches"


def test_what_grew_most_stands_first_categories_before_kernels():
    shuffled = msgspec.structs.replace(WHERE, grown=tuple(reversed(WHERE.grown)))
    growth = growth_of(shuffled)
    assert [row.name for row in growth.rows] == ["host_bound", "forward", "aten::item", HOSTILE]
    first = growth.rows[0]
    assert (first.before, first.after, first.by) == ("3.00", "6.20", "+3.20")
    assert (first.share, first.interval) == ("80 %", "+2.90 to +3.50")
    assert growth.rows[1].interval == "-"
    assert growth.most == (
        "category host_bound 3.00 -> 6.20 ms (80 % of what grew), kernel aten::item 0.10 -> 2.90 ms"
    )


def test_what_shrank_has_not_grown():
    shrunk = Grown(GrownKind.CATEGORY, "sync", 5 * MS, 4 * MS)
    growth = growth_of(Where(grown=(shrunk,)))
    assert not growth.rows
    assert growth.why_not == "no category and no kernel grew in the traces"
    assert growth.most is None
    assert growth.step is None


def test_kernels_alone_have_no_share_of_categories():
    growth = growth_of(Where(grown=(Grown(GrownKind.OPERATOR, "aten::add", 0, MS),)))
    assert growth.rows[0].share == "-"
    assert growth.most == "operator aten::add 0.000 -> 1.000 ms"


def test_a_small_growth_in_a_long_step_does_not_read_as_none():
    grown = (
        Grown(GrownKind.CATEGORY, "forward", 400 * MS, 500 * MS),
        Grown(GrownKind.KERNEL, "small", 1_000, 5_000),
    )
    assert [row.by for row in growth_of(Where(grown=grown)).rows] == ["+100.000", "+0.004"]


def test_of_many_kernels_the_largest_are_shown_and_the_rest_counted():
    grown = tuple(Grown(GrownKind.KERNEL, f"k{n}", 0, n * MS) for n in range(1, SHOWN_KERNELS + 3))
    growth = growth_of(Where(grown=grown))
    assert [row.name for row in growth.rows[:2]] == ["k10", "k9"]
    assert len(growth.rows) == SHOWN_KERNELS
    assert growth.note.endswith("2 smaller ones left out, 3.00 ms together")


def test_a_reason_why_nothing_is_known_is_kept():
    growth = growth_of(Where(why_not="the reference was not traced"))
    assert growth.why_not == "the reference was not traced"


@pytest.mark.parametrize(("low_ns", "doubted"), [(-1, True), (1, False)])
def test_it_is_said_where_launches_differ_by_as_much_as_what_grew_most(low_ns, doubted):
    grown = Grown(GrownKind.CATEGORY, "forward", 3_000_000, 3_300_000, (low_ns, 600_000))
    assert ("take it for a hint" in growth_of(Where((grown,))).note) is doubted

"""What is shown of ranks: each figure in its place, and what is left out."""

import json

import pytest

from annt_prof.analysis.breakdown.breakdown import Breakdown, MeanBreakdown
from annt_prof.analysis.ranks.ranks import Rank, Ranks, Skew
from annt_prof.analysis.ranks.waiting import Partners
from annt_prof.categories import Category
from annt_prof.report.json.ranks import ranks_document
from annt_prof.report.text.ranks import render_ranks
from annt_prof.views.ranks_view import (
    CategoryOverRanks,
    RankCollectives,
    RankStep,
    build_ranks_view,
)
from printed import printed


def rank(number, times, **collectives):
    mean = MeanBreakdown(sum(times.values()), 3, times, {}, {}, {})
    figures = {"num_collectives": 0, "transfer_ns": 0, "waiting_ns": 0} | collectives
    return Rank(number, f"file-{number}", Breakdown((), mean), (), **figures)


FIRST = {Category.FORWARD: 1_230_000, Category.SYNC: 0, Category.COMMUNICATION: 4_560_000}
SECOND = {Category.FORWARD: 2_340_000, Category.SYNC: 0, Category.H2D_COPY: 780_000}
RANKS = (
    rank(3, FIRST, num_collectives=1_234, transfer_ns=11_111_000, waiting_ns=22_222_000),
    rank(5, SECOND, num_collectives=1_235, transfer_ns=33_333_000, waiting_ns=44_444_000),
)
ALL = Partners((3, 5), False, 1_234, 11_111_000, (22_222_000, 0), (5,))
PAIR = Partners((3, 5), True, 1_007, 3_210_000, (0, 6_540_000), (3,))
SKEW = Skew("ProfilerStep#4", (61_000_000, 72_500_000), 11_500_000)


def ranks(**changes):
    values = {"ranks": RANKS, "skews": (SKEW,), "straggler": 5, "late": (5,), "remarks": ()}
    values["partners"] = (ALL,)
    return Ranks(**values | changes)


def shown(**changes):
    view = build_ranks_view(ranks(**changes))
    return printed(lambda console: render_ranks(view, console))


def test_categories_that_took_time_on_any_rank():
    view = build_ranks_view(ranks())
    assert view.ranks == (3, 5)
    assert view.categories == (
        CategoryOverRanks(Category.FORWARD, (1_230_000, 2_340_000)),
        CategoryOverRanks(Category.COMMUNICATION, (4_560_000, None)),
        CategoryOverRanks(Category.H2D_COPY, (None, 780_000)),
    )
    assert view.step_ns == (5_790_000, 3_120_000)
    assert view.decimals == 3


def test_collectives_where_they_are_paired():
    assert build_ranks_view(ranks()).collectives == (
        RankCollectives(3, 1_234, 11_111_000, 22_222_000, "file-3"),
        RankCollectives(5, 1_235, 33_333_000, 44_444_000, "file-5"),
    )
    assert build_ranks_view(ranks(ranks=(rank(0, FIRST), rank(1, SECOND)))).collectives is None


@pytest.mark.parametrize(("steps", "more"), [(20, 0), (23, 3)])
def test_the_first_skews_and_how_many_are_left(steps, more):
    skews = tuple(Skew(f"step {number}", (number, number), number) for number in range(steps))
    view = build_ranks_view(ranks(skews=skews))
    assert [(row.step, row.skew_ns, row.wall_ns) for row in view.skews] == [
        (skew.step, skew.skew_ns, skew.wall_ns) for skew in skews[:20]
    ]
    assert view.num_more_skews == more
    assert (f"and {more} more; --json has them all" in shown(skews=skews)) == bool(more)


def test_text():
    lines = shown(remarks=("one is skipped",))
    assert "category rank 3 rank 5" in lines
    assert "forward 1.230 2.340" in lines
    assert "communication 4.560 n/a" in lines
    assert "h2d_copy n/a 0.780" in lines
    assert "step 5.790 3.120" in lines
    assert "3 1,234 11.111 22.222 file-3" in lines
    assert "5 1,235 33.333 44.444 file-5" in lines
    assert "rank 5 waits least, in every step: the others wait for it" in lines
    assert "step skew ms rank 3 ms rank 5 ms" in lines
    assert "ProfilerStep#4 11.500 61.000 72.500" in lines
    assert "! one is skipped" in lines


def test_text_without_a_straggler_or_skews():
    assert "no rank is late in every step and by 1.0 % of it or more" in shown(
        straggler=None, late=()
    )
    assert not any("skew" in line.lower() for line in shown(skews=()))


def test_ranks_that_are_late_together_are_named():
    lines = shown(straggler=None, late=(3, 5))
    assert "ranks 3, 5 wait least, in every step: the others wait for them" in lines


def test_a_rank_whose_collectives_could_not_be_paired_waits_for_an_unknown_time():
    changes = {"ranks": (RANKS[0], rank(5, SECOND))}
    assert build_ranks_view(ranks(**changes)).collectives[1].waiting_ns is None
    assert "5 0 n/a n/a file-5" in shown(**changes)
    written = json.loads(ranks_document(build_ranks_view(ranks(**changes))))
    assert [rank["waiting_ns"] for rank in written["ranks"]] == [22_222_000, None]


def test_without_collectives_of_all_none_is_said_to_be_on_time():
    group = Partners((3, 5), False, 9, 1_000, (0, 0), ())
    third = rank(7, SECOND)
    lines = shown(ranks=(*RANKS, third), straggler=None, late=(), partners=(group,), skews=())
    assert not any("late in every step" in line for line in lines)


ALONE = {"ranks": (rank(0, FIRST),), "partners": (), "skews": ()}
TWO = {"ranks": (rank(0, FIRST), rank(1, SECOND)), "partners": (), "skews": ()}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (ALONE, "none could be paired over the ranks: there is one alone"),
        (TWO, "no kernel that talks to another rank was launched in the steps"),
        (
            TWO | {"unpaired": ("AllReduce",)},
            "none could be paired over the ranks; the remarks say why",
        ),
        (TWO | {"partners": (PAIR,)}, "none in the steps: the ranks send and receive only"),
    ],
)
def test_collectives_are_never_missing_without_a_reason(changes, reason):
    assert build_ranks_view(ranks(**changes)).no_collectives == reason
    assert reason in shown(**changes)


def test_pairs_and_groups_of_some_ranks_are_listed_the_longest_wait_first():
    less = Partners((3, 5), True, 1, 1, (1, 0), ())
    view = build_ranks_view(ranks(partners=(ALL, less, PAIR)))
    assert view.partners == (PAIR, less)
    lines = shown(partners=(ALL, less, PAIR))
    assert "3, 5 send, recv 1,007 3.210 3 0.000 3" in lines
    assert "5 6.540" in lines


def test_the_rest_of_many_pairs_is_counted():
    pairs = tuple(Partners((3, 5), True, 1, 1, (number, 0), ()) for number in range(23))
    view = build_ranks_view(ranks(partners=pairs))
    assert (len(view.partners), view.num_more_partners) == (20, 3)
    assert "and 3 more; --json has them all" in shown(partners=pairs)


def test_json():
    written = json.loads(ranks_document(build_ranks_view(ranks(remarks=("one is skipped",)))))
    assert (written["schema_version"], written["straggler"]) == (1, 5)
    assert written["remarks"] == ["one is skipped"]
    assert written["unpaired"] == []
    assert written["partners"][0]["ranks"] == [3, 5]
    assert written["partners"][0]["waiting_ns"] == [22_222_000, 0]
    assert written["partners"][0]["late"] == [5]
    assert written["late"] == [5]
    assert written["skews"] == [
        {"step": "ProfilerStep#4", "wall_ns": [61_000_000, 72_500_000], "skew_ns": 11_500_000}
    ]
    first = written["ranks"][0]
    assert (first["rank"], first["source"], first["num_collectives"]) == (3, "file-3", 1_234)
    assert (first["transfer_ns"], first["waiting_ns"]) == (11_111_000, 22_222_000)
    assert first["mean"]["wall_ns"] == 5_790_000
    assert first["mean"]["breakdown_ns"]["communication"] == 4_560_000
    assert first["mean"]["breakdown_ns"]["h2d_copy"] is None


def test_json_without_pairs_has_no_transfer():
    unpaired = build_ranks_view(ranks(ranks=(rank(0, FIRST), rank(1, SECOND))))
    written = json.loads(ranks_document(unpaired))
    assert [(r["transfer_ns"], r["waiting_ns"]) for r in written["ranks"]] == [(None, None)] * 2


def test_a_category_that_would_read_as_nothing_on_every_rank_is_named_alone():
    times = {Category.FORWARD: 123_456_789, Category.SYNC: 49_000}
    view = build_ranks_view(ranks(ranks=(rank(0, times), rank(1, times))))
    assert view.decimals == 1
    assert [row.category for row in view.categories] == [Category.FORWARD]
    assert view.brief == (Category.SYNC,)
    more = {**times, Category.SYNC: 51_000}
    view = build_ranks_view(ranks(ranks=(rank(0, times), rank(1, more))))
    assert view.brief == ()
    lines = shown(ranks=(rank(0, times), rank(1, times)))
    assert "0.0 ms on every rank: sync" in lines


def test_who_was_shortest_and_who_was_longest():
    skew = Skew("s", (7, 3, 9, 3, 9), 6)
    five = tuple(rank(number, FIRST) for number in (1, 2, 4, 5, 8))
    (row,) = build_ranks_view(ranks(ranks=five, skews=(skew,))).skews
    assert (row.shortest, row.longest) == (RankStep(2, 3), RankStep(4, 9))

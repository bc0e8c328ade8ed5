"""The ranks of a distributed run side by side, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.analysis.ranks.waiting import LEAST_LATENESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.analysis.ranks.ranks import Rank, Ranks, Skew
    from annt_prof.analysis.ranks.waiting import Partners
    from annt_prof.categories import Category

MOST_STEPS = 20
MOST_PARTNERS = 20


@dataclass(frozen=True)
class CategoryOverRanks:
    """One category that took time on any rank.

    Attributes:
        category: Which.
        time_ns: Mean per step of each rank; None where a rank's trace cannot show it.
    """

    category: Category
    time_ns: tuple[int | None, ...]


@dataclass(frozen=True)
class RankCollectives:
    """The collectives of one rank that are paired with every other's.

    Attributes:
        rank: Its number.
        num_collectives: Kernels.
        transfer_ns: Time in these that the fastest rank needed too, summed; None where none of
            them could be paired.
        waiting_ns: The rest of it, spent until the last rank arrived; likewise.
        source: The rank's file.
    """

    rank: int
    num_collectives: int
    transfer_ns: int | None
    waiting_ns: int | None
    source: str


@dataclass(frozen=True)
class RankStep:
    """One step of one rank."""

    rank: int
    wall_ns: int


@dataclass(frozen=True)
class SkewRow:
    """One step over the ranks.

    Attributes:
        step: Its name.
        skew_ns: Between the longest and the shortest.
        wall_ns: Of every rank, in the order of their numbers.
        shortest, longest: The rank on which it is; the first of them where several are alike.
    """

    step: str
    skew_ns: int
    wall_ns: tuple[int, ...]
    shortest: RankStep
    longest: RankStep


@dataclass(frozen=True)
class RanksView:
    """All ranks, each sequence in the order of their numbers.

    Attributes:
        ranks: The numbers.
        categories: Those that took time, in the order of breakdowns.
        brief: Those that took so little everywhere that no rank's figure would be other than 0.
        step_ns: Mean of each rank's steps.
        decimals: Of the milliseconds of ``categories`` and ``step_ns``.
        collectives: None where none could be paired.
        no_collectives: Why ``collectives`` is None; None where it is not.
        partners: Ranks that communicate with one another without the others, whoever waited
            longest first, ``MOST_PARTNERS`` at most.
        num_more_partners: Beyond these.
        all_together: Whether collectives of all ranks are among them, which late ranks are
            told from.
        late: The ranks that the others wait for: one, or some that are late together.
        least_lateness: Fraction of the step by which a rank must be late to be called so.
        skews: The first steps that every rank has, ``MOST_STEPS`` at most.
        num_more_skews: Steps beyond these.
        remarks: What to know before believing a figure.
        comparison: The whole of it, for faces that hold more than can be read.
    """

    ranks: tuple[int, ...]
    categories: tuple[CategoryOverRanks, ...]
    brief: tuple[Category, ...]
    step_ns: tuple[int, ...]
    decimals: int
    collectives: tuple[RankCollectives, ...] | None
    no_collectives: str | None
    partners: tuple[Partners, ...]
    num_more_partners: int
    all_together: bool
    late: tuple[int, ...]
    least_lateness: float
    skews: tuple[SkewRow, ...]
    num_more_skews: int
    remarks: tuple[str, ...]
    comparison: Ranks


def build_ranks_view(ranks: Ranks) -> RanksView:
    """Return what is shown of ranks, of which there is at least one."""
    means = [rank.breakdown.mean for rank in ranks.ranks]
    step_ns = tuple(mean.step_ns for mean in means)
    numbers = tuple(rank.rank for rank in ranks.ranks)
    decimals = units.duration_decimals(step_ns)
    took_time = tuple(_categories(means))
    categories = tuple(row for row in took_time if _reads_as_time(row, decimals))
    collectives = _collectives(ranks.ranks)
    partners = sorted(_without_others(ranks), key=_longest_wait, reverse=True)
    return RanksView(
        ranks=numbers,
        categories=categories,
        brief=tuple(row.category for row in took_time if row not in categories),
        step_ns=step_ns,
        decimals=decimals,
        collectives=collectives,
        no_collectives=_why_none(ranks) if collectives is None else None,
        partners=tuple(partners[:MOST_PARTNERS]),
        num_more_partners=len(partners[MOST_PARTNERS:]),
        all_together=any(_is_of_all(partners, ranks) for partners in ranks.partners),
        late=ranks.late,
        least_lateness=LEAST_LATENESS,
        skews=tuple(_skew(skew, numbers) for skew in ranks.skews[:MOST_STEPS]),
        num_more_skews=len(ranks.skews[MOST_STEPS:]),
        remarks=ranks.remarks,
        comparison=ranks,
    )


def _categories(means: Sequence[MeanBreakdown]) -> Iterator[CategoryOverRanks]:
    for category in dict.fromkeys(c for mean in means for c in mean.by_category_ns):
        time_ns = tuple(mean.by_category_ns.get(category) for mean in means)
        if any(time_ns):
            yield CategoryOverRanks(category, time_ns)


def _reads_as_time(row: CategoryOverRanks, decimals: int) -> bool:
    return any(round((ns or 0) / units.NS_PER_MS, decimals) for ns in row.time_ns)


def _skew(skew: Skew, numbers: Sequence[int]) -> SkewRow:
    walls = [RankStep(*pair) for pair in zip(numbers, skew.wall_ns, strict=True)]
    return SkewRow(
        step=skew.step,
        skew_ns=skew.skew_ns,
        wall_ns=skew.wall_ns,
        shortest=min(walls, key=lambda wall: wall.wall_ns),
        longest=max(walls, key=lambda wall: wall.wall_ns),
    )


def _collectives(ranks: Sequence[Rank]) -> tuple[RankCollectives, ...] | None:
    """Return them; a rank whose groups could not be paired has none of them."""
    if not any(rank.num_collectives for rank in ranks):
        return None
    return tuple(
        RankCollectives(
            rank=rank.rank,
            num_collectives=rank.num_collectives,
            transfer_ns=rank.transfer_ns if rank.num_collectives else None,
            waiting_ns=rank.waiting_ns if rank.num_collectives else None,
            source=rank.source,
        )
        for rank in ranks
    )


def _why_none(ranks: Ranks) -> str:
    if len(ranks.ranks) == 1:
        return "none could be paired over the ranks: there is one alone"
    if ranks.unpaired:
        return "none could be paired over the ranks; the remarks say why"
    if ranks.partners:
        return "none in the steps: the ranks send and receive only"
    return "no kernel that talks to another rank was launched in the steps"


def _without_others(ranks: Ranks) -> Iterator[Partners]:
    """Return pairs that send and receive, and groups that do not hold every rank."""
    return (partners for partners in ranks.partners if not _is_of_all(partners, ranks))


def _is_of_all(partners: Partners, ranks: Ranks) -> bool:
    return not partners.point_to_point and len(partners.ranks) == len(ranks.ranks)


def _longest_wait(partners: Partners) -> int:
    return max(partners.waiting_ns)

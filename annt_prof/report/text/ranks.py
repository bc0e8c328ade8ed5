"""The ranks of a distributed run side by side, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, indented, plain
from annt_prof.report.text.tables import Column, Either, Table, milliseconds, names, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.analysis.ranks.waiting import Partners
    from annt_prof.views.ranks_view import RanksView, SkewRow


def render_ranks(view: RanksView, console: Console) -> None:
    """Print the comparison.

    Args:
        view: Of at least one rank.
        console: Takes it; without colours where it has none.
    """
    sections = [_breakdowns(view), _collectives(view)]
    if view.partners:
        sections.append(_partners(view))
    if view.skews:
        sections.append(_skews(view))
    if view.remarks:
        sections.append(iter([bullets("!", view.remarks)]))
    for index, section in enumerate(sections):
        if index:
            console.print(Text())
        for part in section:
            console.print(part, highlight=False)


def _breakdowns(view: RanksView) -> Iterator[RenderableType]:
    """Yield a column for each rank, or a row where there are more ranks than room for columns."""
    yield heading("Where the step goes", "ms per step, mean of each rank's steps")
    kinds = [row.category.value for row in view.categories]
    times = [
        ["n/a" if ns is None else units.milliseconds(ns, view.decimals) for ns in row.time_ns]
        for row in view.categories
    ]
    steps = [units.milliseconds(ns, view.decimals) for ns in view.step_ns]
    yield Either(
        Table(
            (words("category"), *(Column(f"rank {rank}") for rank in view.ranks)),
            (
                *((kind, *cells) for kind, cells in zip(kinds, times, strict=True)),
                ("step", *steps),
            ),
            last_is_total=True,
        ),
        Table(
            (Column("rank"), *map(Column, kinds), Column("step")),
            tuple(zip(map(str, view.ranks), *times, steps, strict=True)),
        ),
    )
    if view.brief:
        nothing = units.milliseconds(0, view.decimals)
        yield indented(plain(f"{nothing} ms on every rank: {', '.join(view.brief)}", "dim"))


def _collectives(view: RanksView) -> Iterator[RenderableType]:
    yield heading(
        "Collectives of the steps", "shortest over the ranks is transfer, the rest waiting"
    )
    if view.collectives is None:
        yield plain(view.no_collectives or "")
        return
    yield Table(
        (
            Column("rank"), Column("collectives"), Column("transfer ms"), Column("waiting ms"),
            names("file"),
        ),
        tuple(
            (
                str(row.rank), units.whole(row.num_collectives), _known(row.transfer_ns),
                _known(row.waiting_ns), row.source,
            )
            for row in view.collectives
        ),
    )  # fmt: skip
    if len(view.late) == 1:
        late = f"rank {view.late[0]} waits least, in every step: the others wait for it"
        yield plain(late, "bold")
    elif view.late:
        late = f"ranks {_listed(view.late)} wait least, in every step: the others wait for them"
        yield plain(late, "bold")
    elif view.all_together:
        least = units.percent(view.least_lateness)
        yield plain(f"no rank is late in every step and by {least} of it or more")


def _partners(view: RanksView) -> Iterator[RenderableType]:
    yield heading("Who waits for whom", "in the steps, in groups of some ranks and in pairs")
    yield Table(
        (
            names("ranks"), words("by"), Column("number"), Column("transfer ms"),
            Column("rank"), Column("waiting ms"), names("late"),
        ),
        tuple(row for partners in view.partners for row in _waiting(partners)),
        num_keys=2,
    )  # fmt: skip
    if view.num_more_partners:
        yield plain(f"and {units.whole(view.num_more_partners)} more; --json has them all", "dim")


def _waiting(partners: Partners) -> Iterator[tuple[str, ...]]:
    """Yield a row for each of the ranks; the first one has what all of them share."""
    shared = (
        _listed(partners.ranks),
        "send, recv" if partners.point_to_point else "collectives",
        units.whole(partners.num_communications),
        milliseconds(partners.transfer_ns),
    )
    late = _listed(partners.late) or "none"
    for rank, ns in zip(partners.ranks, partners.waiting_ns, strict=True):
        yield (*shared, str(rank), milliseconds(ns), late)
        shared, late = ("", "", "", ""), ""


def _skews(view: RanksView) -> Iterator[RenderableType]:
    """Yield a column for each rank; the shortest and the longest alone where these find no room."""
    yield heading("Skew", "between the longest and the shortest of a step over the ranks")
    every_rank = Table(
        (names("step"), Column("skew ms"), *(Column(f"rank {rank} ms") for rank in view.ranks)),
        tuple(
            (row.step, milliseconds(row.skew_ns), *map(milliseconds, row.wall_ns))
            for row in view.skews
        ),
    )
    yield every_rank if len(view.ranks) <= 2 else Either(every_rank, _extremes(view.skews))
    if view.num_more_skews:
        yield plain(f"and {units.whole(view.num_more_skews)} more; --json has them all", "dim")


def _extremes(skews: Sequence[SkewRow]) -> RenderableType:
    return Group(
        Table(
            (
                names("step"), Column("skew ms"), Column("shortest ms"), Column("on rank"),
                Column("longest ms"), Column("on rank"),
            ),
            tuple(
                (
                    row.step, milliseconds(row.skew_ns),
                    milliseconds(row.shortest.wall_ns), str(row.shortest.rank),
                    milliseconds(row.longest.wall_ns), str(row.longest.rank),
                )
                for row in skews
            ),
        ),
        indented(plain("too narrow for every rank; --json has them all", "dim")),
    )  # fmt: skip


def _known(ns: int | None) -> str:
    return "n/a" if ns is None else milliseconds(ns)


def _listed(ranks: Iterable[int]) -> str:
    return ", ".join(map(str, ranks))

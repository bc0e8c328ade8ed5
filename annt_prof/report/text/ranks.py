"""The ranks of a distributed run side by side, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, indented, plain
from annt_prof.report.text.tables import Column, Either, Table, milliseconds, names, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.views.ranks_view import RanksView, SkewRow


def render_ranks(view: RanksView, console: Console) -> None:
    """Print the comparison.

    Args:
        view: Of at least one rank.
        console: Takes it; without colours where it has none.
    """
    sections = [_breakdowns(view), _collectives(view)]
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
        yield plain("none could be paired over the ranks")
        return
    yield Table(
        (
            Column("rank"), Column("collectives"), Column("transfer ms"), Column("waiting ms"),
            names("file"),
        ),
        tuple(
            (
                str(row.rank), units.whole(row.num_collectives), milliseconds(row.transfer_ns),
                milliseconds(row.waiting_ns), row.source,
            )
            for row in view.collectives
        ),
    )  # fmt: skip
    if view.straggler is not None:
        late = f"rank {view.straggler} waits least, in every step: the others wait for it"
        yield plain(late, "bold")
    else:
        least = units.percent(view.least_lateness)
        yield plain(f"no rank is late in every step and by {least} of it or more")


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

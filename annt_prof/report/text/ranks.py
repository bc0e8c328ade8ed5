"""The ranks of a distributed run side by side, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from annt_prof import units
from annt_prof.analysis.ranks import LEAST_LATENESS
from annt_prof.report.text.lines import bullets, heading, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.analysis.ranks import Ranks

_MOST_STEPS = 20


def render_ranks(ranks: Ranks, console: Console) -> None:
    """Print the comparison.

    Args:
        ranks: At least one.
        console: Takes it; without colours where it has none.
    """
    sections = [_breakdowns(ranks), _collectives(ranks)]
    if ranks.skews:
        sections.append(_skews(ranks))
    if ranks.remarks:
        sections.append(iter([bullets("!", ranks.remarks)]))
    for index, section in enumerate(sections):
        if index:
            console.print(Text())
        for part in section:
            console.print(part, highlight=False)


def _breakdowns(ranks: Ranks) -> Iterator[RenderableType]:
    yield heading("Where the step goes", "ms per step, mean of each rank's steps")
    means = [rank.breakdown.mean for rank in ranks.ranks]
    places = units.duration_decimals(mean.step_ns for mean in means)
    table = _table("category", *(f"rank {rank.rank}" for rank in ranks.ranks))
    for category in dict.fromkeys(c for mean in means for c in mean.by_category_ns):
        times = [mean.by_category_ns.get(category) for mean in means]
        if any(times):
            cells = ("n/a" if ns is None else units.milliseconds(ns, places) for ns in times)
            table.add_row(category.value, *cells)
    table.add_section()
    table.add_row("step", *(units.milliseconds(mean.step_ns, places) for mean in means))
    yield table


def _collectives(ranks: Ranks) -> Iterator[RenderableType]:
    yield heading(
        "Collectives of the steps", "shortest over the ranks is transfer, the rest waiting"
    )
    if not ranks.ranks[0].num_collectives:
        yield plain("none could be paired over the ranks")
        return
    table = _table("rank", "collectives", "transfer ms", "waiting ms", "file")
    for rank in ranks.ranks:
        table.add_row(
            str(rank.rank),
            units.whole(rank.num_collectives), units.milliseconds(rank.transfer_ns, 3),
            units.milliseconds(rank.waiting_ns, 3), plain(rank.source),
        )  # fmt: skip
    yield table
    if ranks.straggler is not None:
        late = f"rank {ranks.straggler} waits least, in every step: the others wait for it"
        yield plain(late, "bold")
    else:
        least = units.percent(LEAST_LATENESS)
        yield plain(f"no rank is late in every step and by {least} of it or more")


def _skews(ranks: Ranks) -> Iterator[RenderableType]:
    yield heading("Skew", "between the longest and the shortest of a step over the ranks")
    table = _table("step", "skew ms", *(f"rank {rank.rank} ms" for rank in ranks.ranks))
    for skew in ranks.skews[:_MOST_STEPS]:
        walls = (units.milliseconds(ns, 3) for ns in skew.wall_ns)
        table.add_row(plain(skew.step), units.milliseconds(skew.skew_ns, 3), *walls)
    yield table
    if len(ranks.skews) > _MOST_STEPS:
        yield plain(f"and {len(ranks.skews) - _MOST_STEPS} more; --json has them all", "dim")


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column(first, overflow="fold")
    for title in others:
        table.add_column(title, justify="right", overflow="fold")
    return table

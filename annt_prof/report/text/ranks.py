"""The ranks of a distributed run side by side, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, plain
from annt_prof.report.text.tables import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.ranks_view import RanksView


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
    yield heading("Where the step goes", "ms per step, mean of each rank's steps")
    table = _table("category", *(f"rank {rank}" for rank in view.ranks))
    for row in view.categories:
        cells = (
            "n/a" if ns is None else units.milliseconds(ns, view.decimals) for ns in row.time_ns
        )
        table.add_row(row.category.value, *cells)
    table.add_section()
    table.add_row("step", *(units.milliseconds(ns, view.decimals) for ns in view.step_ns))
    yield table


def _collectives(view: RanksView) -> Iterator[RenderableType]:
    yield heading(
        "Collectives of the steps", "shortest over the ranks is transfer, the rest waiting"
    )
    if view.collectives is None:
        yield plain(view.no_collectives or "")
        return
    table = _table("rank", "collectives", "transfer ms", "waiting ms", "file")
    for row in view.collectives:
        table.add_row(
            str(row.rank), units.whole(row.num_collectives), _known(row.transfer_ns),
            _known(row.waiting_ns), plain(row.source),
        )  # fmt: skip
    yield table
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
    table = _table("ranks", "by", "number", "transfer ms", "waiting ms", "late")
    for partners in view.partners:
        waiting = zip(partners.ranks, partners.waiting_ns, strict=True)
        table.add_row(
            _listed(partners.ranks),
            "send, recv" if partners.point_to_point else "collectives",
            units.whole(partners.num_communications),
            milliseconds(partners.transfer_ns),
            "\n".join(f"rank {rank} {milliseconds(ns)}" for rank, ns in waiting),
            _listed(partners.late) or "none",
        )
    yield table
    if view.num_more_partners:
        yield plain(f"and {units.whole(view.num_more_partners)} more; --json has them all", "dim")


def _skews(view: RanksView) -> Iterator[RenderableType]:
    yield heading("Skew", "between the longest and the shortest of a step over the ranks")
    table = _table("step", "skew ms", *(f"rank {rank} ms" for rank in view.ranks))
    for skew in view.skews:
        table.add_row(
            plain(skew.step), milliseconds(skew.skew_ns), *map(milliseconds, skew.wall_ns)
        )
    yield table
    if view.num_more_skews:
        yield plain(f"and {units.whole(view.num_more_skews)} more; --json has them all", "dim")


def _known(ns: int | None) -> str:
    return "n/a" if ns is None else milliseconds(ns)


def _listed(ranks: Iterable[int]) -> str:
    return ", ".join(map(str, ranks))


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column(first, overflow="fold")
    for title in others:
        table.add_column(title, justify="right", overflow="fold")
    return table

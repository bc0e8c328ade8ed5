"""What every technique could save, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.lines import heading, indented, plain
from annt_prof.report.text.tables import Column, Table, names
from annt_prof.views.words import advice as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.advice_view import AdviceView


def render_advice(view: AdviceView, console: Console) -> None:
    """Print the predictions, the largest first, then what cannot act."""
    for part in _parts(view):
        console.print(part, highlight=False)


def _parts(view: AdviceView) -> Iterator[RenderableType]:
    yield heading("What each technique could save", f"{view.source}, of {words.step(view)}")
    ceilings = words.ceilings(view)
    if ceilings is not None:
        yield indented(plain(ceilings, "yellow"))
    yield _table(view)
    for saving in view.explained:
        yield indented(plain(f"{saving.name}: {words.limit(saving)}", "dim"))
    for technique in view.not_predicted:
        yield indented(plain(f"{technique.name}: {technique.reason}", "dim"))


def _table(view: AdviceView) -> Table:
    return Table(
        (names("technique"), Column("at least ms"), Column("at most ms"), Column("of the step")),
        tuple(
            (
                saving.name,
                units.milliseconds(saving.low_ns, view.decimals),
                units.milliseconds(saving.high_ns, view.decimals),
                units.percent(saving.share),
            )
            for saving in view.predicted
        ),
    )

"""What every technique could save, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.lines import heading, indented, plain
from annt_prof.report.text.tables import Column, Table, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.advice_view import AdviceView

_CEILINGS = {
    "not_calibrated": "this machine is not calibrated, so upper bounds are wide: annt-prof doctor "
    "--calibrate",
    "not_told": "a trace does not tell what its machine can do at most, so upper bounds are wide",
}


def render_advice(view: AdviceView, console: Console) -> None:
    """Print the predictions, the largest first, then what cannot act."""
    for part in _parts(view):
        console.print(part, highlight=False)


def _parts(view: AdviceView) -> Iterator[RenderableType]:
    step = "the step as it was traced," if view.as_traced else "a step of"
    yield heading(
        "What each technique could save",
        f"{view.source}, of {step} {units.duration(view.step_ns)}",
    )
    if view.ceilings != "measured":
        yield indented(plain(_CEILINGS[view.ceilings], "yellow"))
    yield _table(view)
    for saving in view.explained:
        basis = f"{saving.name}: it cannot save more than {saving.basis}"
        yield indented(plain(basis, "dim"))
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

"""The answer of a run, for a terminal or a pipe."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.report.text.conditions import conditions
from annt_prof.report.text.lines import LABEL_WIDTH, labelled, left, plain
from annt_prof.report.text.steps import steps
from annt_prof.report.text.variants import variants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from annt_prof.views.run_view import RunView


def render(view: RunView, directory: Path, console: Console) -> None:
    """Print what was measured, what it came to and where in the step, in this order.

    Args:
        view: Of a run.
        directory: Where it lies, for the commands that come next.
        console: Takes the answer; without colours where it has none.
    """
    parts = (
        conditions(view),
        variants(view, console.width),
        steps(view.breakdown, console.width, ascii_only=console.options.ascii_only),
        labelled(_closing(view)),
    )
    for index, part in enumerate(parts):
        if index:
            console.print(Text())
        console.print(part, highlight=False)
    for line in _places(view, directory):
        # Never broken by us, so that a long path can be copied whole.
        console.print(line, soft_wrap=True)


def _closing(view: RunView) -> Iterator[tuple[str, str]]:
    yield "stopped", view.stop
    if view.num_rounds:
        in_launches = f"{view.num_rounds} in {units.count(view.num_launches, 'launch', 'launches')}"
        yield "rounds", f"{in_launches}, in an order shuffled with seed {view.seed}"
    if view.telemetry_note:
        yield "sampled", view.telemetry_note


def _places(view: RunView, directory: Path) -> Iterator[Text]:
    """Yield where the run lies, what lost variants left, and what to do with it next."""
    place = shlex.quote(str(directory))
    rows = [("run", str(directory))]
    rows += [("log", str(directory / log)) for log in view.logs]
    if view.explainable:
        rows.append(("next", f"annt-prof explain {place}"))
    if view.traced:
        rows.append(("traces", f"annt-prof tensorboard {place}"))
    rows.append(("as JSON", f"annt-prof show {place} --json"))
    for label, value in rows:
        yield Text.assemble((left(label, LABEL_WIDTH), "dim"), plain(value))

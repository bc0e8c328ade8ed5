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
from annt_prof.views.breakdown_view import breakdown_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from annt_prof.runs.record import Run


def render(run: Run, directory: Path, console: Console) -> None:
    """Print what was measured, what it came to and where in the step, in this order.

    Args:
        run: With every statistic filled in.
        directory: Where it lies, for the commands that come next.
        console: Takes the answer; without colours where it has none.
    """
    parts = (
        conditions(run),
        variants(run),
        steps(breakdown_view(run), console.width, ascii_only=console.options.ascii_only),
        labelled(_closing(run)),
    )
    for index, part in enumerate(parts):
        if index:
            console.print(Text())
        console.print(part, highlight=False)
    for line in _places(run, directory):
        # Never broken by us, so that a long path can be copied whole.
        console.print(line, soft_wrap=True)


def _closing(run: Run) -> Iterator[tuple[str, str]]:
    rounds = len({window.round for variant in run.variants for window in variant.windows})
    yield "stopped", run.stop
    launches = len({window.launch for variant in run.variants for window in variant.windows})
    in_launches = f"{rounds} in {units.count(launches, 'launch', 'launches')}"
    yield "rounds", f"{in_launches}, in an order shuffled with seed {run.seed}"
    if run.telemetry_note:
        yield "sampled", run.telemetry_note


def _places(run: Run, directory: Path) -> Iterator[Text]:
    """Yield where the run lies, what lost variants left, and what to do with it next.

    Where nothing was measured there is nothing to explain.
    """
    place = shlex.quote(str(directory))
    rows = [("run", str(directory))]
    rows += [("log", str(directory / v.log)) for v in run.variants if v.log is not None]
    if any(variant.step_time is not None for variant in run.variants):
        rows.append(("next", f"annt-prof explain {place}"))
    if any(v.trace is not None or v.breakdown is not None for v in run.variants):
        rows.append(("traces", f"annt-prof tensorboard {place}"))
    rows.append(("as JSON", f"annt-prof show {place} --json"))
    for label, value in rows:
        yield Text.assemble((left(label, LABEL_WIDTH), "dim"), plain(value))

"""``annt-prof history``: runs over time, and where their level changed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annt_prof.cli import options


@click.command()
@click.argument("scenario", required=False)
@options.runs_dir("Where to look for runs.")
@click.option(
    "--variant",
    metavar="NAME",
    help="Whose figure is shown.  [default: the whole mix, or the single technique, or baseline]",
)
@click.option(
    "--metric",
    type=click.Choice(["step_time", "throughput", "peak_memory"]),
    default="step_time",
    show_default=True,
    help="Which figure.",
)
@click.option(
    "--last", type=click.IntRange(1), metavar="N", help="Show the newest N of each series alone."
)
@options.as_json("the history")
def command(
    scenario: str | None,
    runs_dir: Path,
    variant: str | None,
    metric: str,
    last: int | None,
    as_json: bool,
) -> None:
    """Show the runs of SCENARIO over time, oldest first; of all scenarios, if none is given.

    SCENARIO is its name or its file. Runs of the same work on the same machine and torch are one
    series, whatever their windows are like. A change of level is marked where it stands out from
    what runs vary by, in series of 6 runs or more. Runs that are not complete, or cannot be read,
    are left out and counted.
    """
    from annt_prof.compare.launch_figures import Metric
    from annt_prof.runs.listing import list_runs
    from annt_prof.views.history_view import build_history

    view = build_history(
        list_runs(runs_dir)[::-1],
        root=runs_dir,
        scenario=None if scenario is None else _scenario_name(scenario),
        variant=variant,
        metric=Metric(metric),
        last=last,
    )
    if as_json:
        from annt_prof.report.json.history import history_document

        sys.stdout.buffer.write(history_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.history import render_history

    render_history(view, Console())


def _scenario_name(given: str) -> str:
    """Return the name of a scenario that is given by it or by its file."""
    if not given.endswith((".yaml", ".yml")):
        return given
    from annt_prof.scenario.loading import load

    return load(Path(given), ()).resolve(accelerator=False).scenario.name

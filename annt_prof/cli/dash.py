"""``annt-prof dash``: the interactive dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from annt_prof.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("what", required=False, metavar="[RUN | TRACE | SCENARIO]")
@options.runs_dir("Where to look for runs.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII alone.")
@click.option(
    "--read-only", is_flag=True, help="Write nothing, start nothing, ask nothing of a run."
)
def command(what: str | None, runs_dir: Path, ascii_only: bool, read_only: bool) -> None:
    """Open the dashboard on a run, a trace or a scenario."""
    from annt_prof.runs import layout, store
    from annt_prof.tui.app import Dashboard, Settings
    from annt_prof.views.screens.source import RunSource

    place = store.find(what, runs_dir)
    source = RunSource(layout.run_directory(place))
    Dashboard(source, Settings(runs_dir, ascii_only=ascii_only, read_only=read_only)).run()

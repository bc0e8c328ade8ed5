"""``annt-prof dash``: the interactive dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from annt_prof.views.screens.source import Source

_SCENARIO_SUFFIXES = (".yaml", ".yml")


@click.command()
@click.argument("what", required=False, metavar="[RUN | TRACE | SCENARIO]")
@options.runs_dir("Where to look for runs.")
@click.option("--screen", type=click.Choice(list(Screen)), help="The screen to begin with.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII alone.")
@click.option("--read-only", is_flag=True, help="Write and start nothing, ask nothing of a run.")
def command(
    what: str | None, runs_dir: Path, screen: str | None, ascii_only: bool, read_only: bool
) -> None:
    """Open the dashboard on a run, live or finished, or on a trace of any PyTorch program.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir; it may be
    one that another terminal is measuring just now. With SCENARIO the run that it asks for can be
    started. Without any of these the runs that there are are listed. `annt-prof show SCREEN`
    prints what a screen shows, where there is no terminal.
    """
    need_a_terminal()
    from annt_prof.tui.app import Dashboard, Settings

    source = _source(what, runs_dir)
    first = Screen(screen) if screen else (Screen.RUNS if source is None else Screen.OVERVIEW)
    settings = Settings(runs_dir, first, ascii_only=ascii_only, read_only=read_only)
    application = Dashboard(source, settings)
    application.run()
    sys.exit(application.return_code)


def need_a_terminal() -> None:
    """Look whether there is a terminal that can be drawn on.

    Raises:
        UserError: There is none, or it cannot move its cursor.
    """
    hint = "annt-prof show SCREEN prints what a screen shows"
    # Textual draws on stderr, so that what a command prints can be piped.
    if not (sys.stdin.isatty() and sys.stderr.isatty() and sys.stdout.isatty()):
        raise UserError("the dashboard needs a terminal, and this is none", hint=hint)
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        message = "this terminal cannot be drawn on: it calls itself dumb"
        raise UserError(message, where="TERM", hint=hint)


def _source(what: str | None, runs_dir: Path) -> Source | None:
    from annt_prof.runs import layout, store
    from annt_prof.views.screens.source import RunSource, TraceSource, is_trace

    if what is None:
        return None
    path = Path(what)
    if path.is_file() and is_trace(path):
        return TraceSource(path)
    return RunSource(layout.run_directory(store.find(what, runs_dir)))

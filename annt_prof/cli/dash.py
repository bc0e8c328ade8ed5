"""``annt-prof dash``: the interactive dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from annt_prof.cli import options
from annt_prof.cli.endings import EXIT_BUG
from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.cli.launching import Launcher
    from annt_prof.tui.settings import Settings
    from annt_prof.views.screens.source import Source

_SCENARIO_SUFFIXES = (".yaml", ".yml")
_TEXTUALS_BUG = 1  # its status where it printed a traceback


@click.command()
@click.argument("what", required=False, metavar="[RUN | TRACE | SCENARIO]")
@options.runs_dir("Where to look for runs.")
@click.option(
    "--screen",
    type=click.Choice([screen.value for screen in Screen]),
    help="The screen to begin with.",
)
@options.ascii_only
@click.option("--read-only", is_flag=True, help="Write and start nothing, ask nothing of a run.")
@click.option("--web", is_flag=True, help="Serve it to a browser instead; needs annt-prof[web].")
@click.option("--host", default="localhost", show_default=True, help="Address to serve at.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="To serve at."
)
def command(
    what: str | None,
    runs_dir: Path,
    screen: str | None,
    ascii_only: bool,
    read_only: bool,
    web: bool,
    host: str,
    port: int,
) -> None:
    """Open the dashboard on a run, live or finished, or on a trace of any PyTorch program.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir; it may be
    one that another terminal is measuring just now. With SCENARIO the run that it asks for is
    started, as by annt-prof run SCENARIO --dash. Without any of these the runs that there are are
    listed. `annt-prof show SCREEN` prints what a screen shows, where there is no terminal.

    Exit status: 0 it was left, 2 there is something to mend first, 130 told to end by SIGTERM or
    SIGHUP; of a run that it started, the run's own.
    """
    if web:
        from annt_prof.cli.serving import serve

        serve(host, port)
        return
    need_a_terminal()
    from annt_prof.cli.launching import Launcher
    from annt_prof.tui.settings import Settings

    launcher = None if read_only else Launcher(runs_dir)
    opened = _opened(what, runs_dir, launcher)
    settings = Settings(
        runs_dir=runs_dir,
        first=Screen(screen) if screen else opened.first,
        ascii_only=ascii_only,
        read_only=read_only,
        launcher=launcher,
    )
    sys.exit(watch(opened.source, settings, launcher))


def watch(
    source: Source | None,
    settings: Settings,
    launcher: Launcher | None,
    *,
    as_json: bool = False,
) -> int:
    """Show the dashboard until it is left, then see to their ends what runs it started.

    Returns:
        The exit status.
    """
    from annt_prof.tui.app import ENDED, Dashboard

    application = Dashboard(source, settings)
    application.run()
    left = application.return_code or 0
    if left == _TEXTUALS_BUG:
        left = EXIT_BUG
    if launcher is None:
        return left
    status = launcher.finish(interrupt=left == ENDED, as_json=as_json)
    return left or status or 0


def run_in_dashboard(
    scenario: Path,
    overrides: Sequence[str],
    arguments: Sequence[str],
    runs_dir: Path,
    *,
    as_json: bool,
) -> int:
    """Run a scenario in a process of its own, and show it; return the exit status.

    Args:
        scenario: Its file, which is looked at before anything is started.
        overrides: Of its values, which are looked at likewise.
        arguments: Options of ``annt-prof run``, the overrides among them.
        runs_dir: Where its directory is made.
        as_json: Whether its answer is printed as JSON in the end.
    """
    need_a_terminal()
    from annt_prof.cli.launching import Launcher
    from annt_prof.tui.settings import Settings
    from annt_prof.views.screens.source import RunSource

    launcher = Launcher(runs_dir, arguments)
    directory = _started(scenario, launcher, overrides)
    settings = Settings(runs_dir=runs_dir, first=Screen.LIVE, launcher=launcher)
    return watch(RunSource(directory), settings, launcher, as_json=as_json)


def need_a_terminal() -> None:
    """Look whether there is a terminal that can be drawn on.

    Raises:
        UserError: There is none, or it cannot move its cursor.
    """
    if "TEXTUAL_DRIVER" in os.environ:
        return  # a browser is drawn on
    hint = "annt-prof show SCREEN prints what a screen shows"
    # Textual draws on stderr, so that what a command prints can be piped.
    if not (sys.stdin.isatty() and sys.stderr.isatty() and sys.stdout.isatty()):
        raise UserError("the dashboard needs a terminal, and this is none", hint=hint)
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        message = "this terminal cannot be drawn on: it calls itself dumb"
        raise UserError(message, where="TERM", hint=hint)


class _Opened(NamedTuple):
    """What to show, and the screen to begin with."""

    source: Source | None
    first: Screen


def _opened(what: str | None, runs_dir: Path, launcher: Launcher | None) -> _Opened:
    from annt_prof.runs import layout, store
    from annt_prof.views.screens.runs import opens_on
    from annt_prof.views.screens.source import RunSource, TraceSource, is_trace

    if what is None:
        return _Opened(None, Screen.RUNS)
    path = Path(what)
    if path.name.endswith(_SCENARIO_SUFFIXES) and not path.is_dir():
        return _Opened(RunSource(_started(path, launcher)), Screen.LIVE)
    if path.is_file() and is_trace(path):
        return _Opened(TraceSource(path), Screen.OVERVIEW)
    directory = layout.run_directory(store.find(what, runs_dir))
    return _Opened(RunSource(directory), opens_on(directory))


def _started(scenario: Path, launcher: Launcher | None, overrides: Sequence[str] = ()) -> Path:
    from annt_prof.scenario.loading import load

    document = load(scenario, tuple(overrides))
    if launcher is None:
        raise UserError("read-only: no scenario is run", where=str(scenario))
    name = document.resolve(accelerator=False).scenario.name
    return launcher.start_file(scenario, document.text, name)

"""Runs that the dashboard starts: each in a process of its own, and seen to its end."""

from __future__ import annotations

import contextlib
import shutil
import signal
from typing import TYPE_CHECKING, NamedTuple

import click

from annt_prof.cli.answering import print_recorded
from annt_prof.cli.background import start
from annt_prof.cli.endings import EXIT_INTERRUPTED
from annt_prof.cli.following import follow
from annt_prof.runs import store
from annt_prof.runs.event_log_reader import has_ended
from annt_prof.runs.layout import RUN_FILE, RUN_LOG, SCENARIO_FILE
from annt_prof.text import printable

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

_BY_SIGNAL = 128  # as shells report a process that a signal ended


class Launched(NamedTuple):
    """A run and the process that measures it."""

    directory: Path
    process: subprocess.Popen[bytes]


class Launcher:
    """Starts runs and remembers them.

    Args:
        runs_dir: Where their directories are made.
        options: Of ``annt-prof run``, for each of them.
    """

    def __init__(self, runs_dir: Path, options: Sequence[str] = ()) -> None:
        self._runs_dir = runs_dir
        self._options = tuple(options)
        self._launched: list[Launched] = []

    def start(self, scenario_text: str, name: str) -> Path:
        """Start a scenario that is no file yet, and return the run's directory.

        Modules of its own are looked for where the scenario then lies, in that directory.

        Raises:
            UserError: Nothing can be written there, or no process can be started.
        """
        directory = store.create(self._runs_dir, name, scenario_text)
        return self._launch(directory, directory / SCENARIO_FILE)

    def start_file(self, scenario: Path, scenario_text: str, name: str) -> Path:
        """Start a scenario file, and return the run's directory; raises likewise."""
        return self._launch(store.create(self._runs_dir, name, scenario_text), scenario)

    @property
    def running(self) -> Path | None:
        """The directory of one that still runs; None where none does.

        One that has said its last word does not: its process still writes what TensorBoard reads.
        """
        going_on = (
            each.directory
            for each in self._launched
            if each.process.poll() is None and not has_ended(each.directory)
        )
        return next(going_on, None)

    def finish(self, *, interrupt: bool, as_json: bool = False) -> int | None:
        """See every run to its end in plain text, print its answer, and return its status.

        Args:
            interrupt: Whether they are to end early, as by Ctrl-C.
            as_json: Whether the answer is printed as JSON.

        Returns:
            Of the last one; None where none was started.
        """
        statuses = [_finish(each, interrupt=interrupt, as_json=as_json) for each in self._launched]
        return statuses[-1] if statuses else None

    def _launch(self, directory: Path, scenario: Path) -> Path:
        try:
            process = start((str(scenario), *self._options), directory)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self._launched.append(Launched(directory, process))
        return directory


def _finish(launched: Launched, *, interrupt: bool, as_json: bool) -> int:
    directory, process = launched
    if interrupt:
        _interrupt(process)
    elif process.poll() is None:
        click.echo("the run goes on; Ctrl-C ends it early, and keeps what is measured", err=True)
    while process.poll() is None:
        try:
            follow(directory, process)
            process.wait()
        except KeyboardInterrupt:
            _interrupt(process)
    status = process.returncode
    if (directory / RUN_FILE).exists():
        print_recorded(directory, as_json=as_json, is_over=True)
    else:
        _print_log(directory)
        shutil.rmtree(directory, ignore_errors=True)
    if status < 0:
        name = signal.Signals(-status).name
        click.echo(f"the run's process was ended by {name}", err=True)
        return _BY_SIGNAL - status
    return EXIT_INTERRUPTED if interrupt else status


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Have a run end as by Ctrl-C, which the terminal does not tell it itself."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)


def _print_log(directory: Path) -> None:
    """Print what the run's process said, which is why there is no answer."""
    with contextlib.suppress(OSError):
        said = (directory / RUN_LOG).read_text(errors="replace")
        click.echo(printable(said, keep="\n").rstrip("\n"), err=True)

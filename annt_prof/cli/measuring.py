"""Measuring with a progress display, for every command that measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.runner.recording import Recorded, RunRequest


class Measured(NamedTuple):
    """A run, and what went wrong once it was measured; what is measured is printed all the same."""

    recorded: Recorded
    failure: UserError | None


def measure(request: RunRequest) -> Measured:
    """Run what is asked for and write its TensorBoard log.

    Raises:
        UserError: The scenario or the machine needs mending first.
    """
    from rich.console import Console

    from annt_prof.report.text.progress import RunProgress
    from annt_prof.runner.recording import record_run
    from annt_prof.tensorboard import log

    with RunProgress(Console(stderr=True)) as progress:
        recorded = record_run(request, progress)
        try:
            log.write(recorded.run, recorded.directory)
        except UserError as error:
            return Measured(recorded, error)
    return Measured(recorded, None)

"""A stopwatch of the workload's own: when each forward pass ended, process by process.

``FORWARD_LOG`` names the folder, and ``STEP_LOG`` that of optimizer steps; nothing is kept where
they are not set.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def note(**facts: object) -> None:
    """Append this instant and ``facts`` to the file of this process, a line for each pass.

    ``time.monotonic_ns`` is one clock for the whole machine, so that a window's ends, which
    another process may have read, can be found among the instants.
    """
    _append("FORWARD_LOG", *facts.values())


def note_step(*_: object) -> None:
    """Append this instant, at which an optimizer step ended; a hook of all optimizers."""
    _append("STEP_LOG")


def _append(variable: str, *facts: object) -> None:
    folder = os.environ.get(variable)
    if folder:
        with (Path(folder) / str(os.getpid())).open("a") as file:
            print(time.monotonic_ns(), *facts, file=file)

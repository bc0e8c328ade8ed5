"""A stopwatch of the workload's own: when each forward pass ended, process by process.

``FORWARD_LOG`` names the folder; nothing is kept where it is not set.
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
    folder = os.environ.get("FORWARD_LOG")
    if folder:
        with (Path(folder) / str(os.getpid())).open("a") as file:
            print(time.monotonic_ns(), *facts.values(), file=file)

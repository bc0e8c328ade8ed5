"""The server that workers are forked from: it has imported what they need, once."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from annt_prof.workers.interrupts import interrupts_ignored
from annt_prof.workers.preload import MODULES_VARIABLE

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext


def start_fork_server(preload: tuple[str, ...]) -> ForkServerContext:
    """Start the server of workers, and return the context that they are started from.

    Args:
        preload: Modules that it imports, once for all workers. One that fails to import is left
            to the worker that needs it.
    """
    os.environ[MODULES_VARIABLE] = ",".join(preload)
    # Nothing may reach for the network during a run; only ``fetch`` downloads.
    os.environ["HF_HUB_OFFLINE"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["annt_prof.workers.preload"])
    with interrupts_ignored():
        forkserver.ensure_running()
    return context

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


def fork_server(preload: tuple[str, ...]) -> ForkServerContext:
    """Return the context whose server imports torch, and ``preload``, once.

    Args:
        preload: Further modules, such as the library that the model comes from.
    """
    os.environ[MODULES_VARIABLE] = ",".join(("annt_prof.loop.worker", *preload))
    # Nothing may reach for the network during a run; only ``fetch`` downloads.
    os.environ["HF_HUB_OFFLINE"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["annt_prof.workers.preload"])
    with interrupts_ignored():
        forkserver.ensure_running()
    return context

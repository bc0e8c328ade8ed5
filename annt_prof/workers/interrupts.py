"""What interrupts a run reaches every process of it at once; the session decides what it means."""

from __future__ import annotations

import contextlib
import signal
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run early: Ctrl-C, a scheduler or a shutdown, and a terminal that is closed."""


@contextlib.contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Start a process that outlives what interrupts a run: the session decides what it means.

    A terminal sends Ctrl-C, and a job's scheduler SIGTERM, to every process of the run at once.
    The fork server ignores Ctrl-C by itself, but only once it has imported torch. What arrives in
    this process meanwhile is held back and not lost: a blocked signal waits, even an ignored one.
    """
    resource_tracker.ensure_running()  # it would lift the block as it starts
    held = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def outlive_interrupts() -> None:
    """Let this worker go on until the session ends it.

    Its own children are not to ignore SIGTERM, by which a loader ends them: a handler that does
    nothing is gone once they have set theirs, or have become another program.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

"""A variant's loader processes stop while it waits, so that no queue fills meanwhile."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def pause_loaders() -> None:
    """Stop this variant's loader processes."""
    _signal_loaders(signal.SIGSTOP)


def resume_loaders() -> None:
    """Let this variant's loader processes go on."""
    _signal_loaders(signal.SIGCONT)


@contextlib.contextmanager
def loaders_paused() -> Iterator[None]:
    """Stop the loader processes for as long as the training process does something else."""
    pause_loaders()
    try:
        yield
    finally:
        resume_loaders()


def _signal_loaders(number: signal.Signals) -> None:
    for child in multiprocessing.active_children():
        if child.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, number)

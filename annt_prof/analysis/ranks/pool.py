"""A pool of processes that read traces, and that no ending leaves behind."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor
    from types import FrameType

    from annt_prof.trace.remote import TraceFile

_LEAST_BYTES = 2**20
"""Of files, for each process: a compressed megabyte takes about as long to read as a process to
start (0.25 s, benchmarks/README.md)."""


def worthwhile_processes(files: Sequence[TraceFile], most: int) -> int:
    """Return how many processes are worth their start for these files.

    Args:
        files: To be read, each by one of them.
        most: Processes that may be used.
    """
    # A store would be asked for each size by itself, which takes longer than a process to start.
    here = [file for file in files if isinstance(file, Path)]
    num_bytes = sum(file.stat().st_size for file in here if file.exists())
    useful = num_bytes // _LEAST_BYTES + len(files) - len(here)
    return max(1, min(most, len(files), useful))


@contextmanager
def process_pool(num_processes: int) -> Iterator[Executor]:
    """Run processes while it is entered; leaving by an exception ends them at once.

    Args:
        num_processes: At least 1.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork of this process would copy its threads' locks, such as those of a progress bar.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["annt_prof.analysis.ranks.summary"])
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(num_processes, context, _begin)
    try:
        with _uninterrupted():
            for _ in range(num_processes):
                executor.submit(os.getpid)  # each starts a process while none is idle
        yield executor
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off while processes start: one that is not yet known could not be ended.

    They inherit that it is blocked, and so does the server that forks them, which first imports
    what they need. Here threads of libraries take it all the same, so its handler waits as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda *interrupt: received.append(interrupt))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if received and callable(handler):
        handler(*received[0])


def _begin() -> None:
    """End with the parent, however it ends, and at Ctrl-C without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

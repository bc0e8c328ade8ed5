"""Processes that read traces, which no ending of this one leaves behind."""

from __future__ import annotations

import gc
import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def process_pool(
    num_processes: int, module: str, begin: Callable[..., None] | None = None, *arguments: object
) -> Iterator[Executor]:
    """Run processes while it is entered; leaving it ends them at once, at their work or not.

    Args:
        num_processes: At least 1.
        module: Imported once, for all of them, where they are not forked.
        begin: Called in each process at its start.
        arguments: For it.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.context import ForkServerContext

    context = multiprocessing.get_context("fork" if _has_one_thread() else "forkserver")
    if isinstance(context, ForkServerContext):
        context.set_forkserver_preload([module])
    ignoring = signal.getsignal(signal.SIGINT) == signal.SIG_IGN  # as of a background job
    executor = ProcessPoolExecutor(num_processes, context, _begin, (ignoring, begin, arguments))
    try:
        with _uninterrupted():
            for _ in range(num_processes):
                executor.submit(os.getpid)  # a process starts while none is idle, or all at once
        yield executor
    finally:
        # As Python 3.14's terminate_workers, but for waiting for the thread that serves them, which
        # the interpreter's exit would else write to as it closes. That thread polls them by itself.
        # Asked to end they might wait for ever, for a lock that one held as it was killed.
        for process in list((executor._processes or {}).values()):
            process.terminate()
        executor.shutdown()


def _has_one_thread() -> bool:
    """Tell whether a fork of this process is safe: there is no other thread whose locks it copies.

    It is there in a tenth of the time that a server takes, which has everything to import.
    """
    try:
        return (
            len(list(Path("/proc/self/task").iterdir())) == 1
        )  # numpy's and torch's are there too
    except OSError:
        return False


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off while processes start: one that is not yet known could not be ended.

    They inherit that it is blocked, with what else ends them until they have handlers of their own,
    and so does the server that forks them, which first imports what they need. Here threads of
    libraries take it all the same, so its handler waits as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: received.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if received:
        signal.raise_signal(signal.SIGINT)


def _begin(
    ignoring: bool, begin: Callable[..., None] | None, arguments: tuple[object, ...]
) -> None:
    """End with the parent, however it ends, and at once when told to, without a traceback.

    A fork has the parent's handlers, which are for the parent's work.
    """
    gc.freeze()  # to look for cycles in what it shares with the parent would copy all of it
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignoring else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Processes that read traces, which no ending of this one leaves behind."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor


@contextmanager
def process_pool(
    num_processes: int, module: str, begin: Callable[..., None] | None = None, *arguments: object
) -> Iterator[Executor]:
    """Run processes while it is entered; leaving by an exception ends them at once.

    Args:
        num_processes: At least 1.
        module: Imported once, for all of them.
        begin: Called in each process at its start.
        arguments: For it.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork of this process would copy its threads' locks, such as those of a progress bar.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(num_processes, context, _begin, (begin, arguments))
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        executor.shutdown()


def _begin(begin: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    """End with the parent, however it ends, and at Ctrl-C without a traceback."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as of a background job
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""How many processes, and which, read the traces of ranks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.trace.pool import process_pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from annt_prof.trace.remote import TraceFile

_LEAST_BYTES = 2**20
"""Of files, for each process: a compressed megabyte takes about as long to read as a process to
start where it is not forked (0.25 s, benchmarks/README.md)."""


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


def pool_of_readers(num_processes: int) -> AbstractContextManager[Executor]:
    """Run processes that read ranks while it is entered; leaving it ends them.

    Args:
        num_processes: At least 1.
    """
    return process_pool(num_processes, "annt_prof.analysis.ranks.summary")

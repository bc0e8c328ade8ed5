"""Which trace files several processes read sooner than one, and those processes."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from annt_prof.trace.decoders import Decoders
    from annt_prof.trace.remote import TraceFile

LEAST_SHARED_BYTES = 40 * 2**20
"""Text that two processes decode sooner than one, their start counted: 64 MB certainly, 32 MB
perhaps. Source: benchmarks/large_traces.py."""
_COMPRESSION = 15
"""Of a trace's text by gzip, about; those here are 8 to 25 times smaller."""


def is_large(path: TraceFile) -> bool:
    """Tell whether decoding takes so long that a pool of processes is worth its start."""
    compressed = path.suffix.lower() == ".gz"
    return path.stat().st_size * (_COMPRESSION if compressed else 1) >= LEAST_SHARED_BYTES


def decoders_for(path: TraceFile, processes: int) -> AbstractContextManager[Decoders | None]:
    """Run processes that decode a file while it is entered; None where they are not worth it.

    Args:
        path: The trace file; it need not exist.
        processes: At most.
    """
    # Text reaches them through a file in memory, which other systems than Linux do not have.
    if processes == 1 or not hasattr(os, "memfd_create") or not path.is_file():
        return nullcontext()
    if not is_large(path):
        return nullcontext()
    from annt_prof.trace.decoders import start_decoders

    return start_decoders(processes)

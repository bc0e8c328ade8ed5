"""Reads a Kineto trace file, of any PyTorch version, without torch."""

from __future__ import annotations

import gc
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from annt_prof.errors import UserError
from annt_prof.trace.columns import Allocations, ForwardLinks, Kind, Trace
from annt_prof.trace.document import DistributedInfo, Head
from annt_prof.trace.large import decoders_for
from annt_prof.trace.numbers import integer
from annt_prof.trace.parts import Joiner
from annt_prof.trace.processes import one_process
from annt_prof.trace.slices import NotSliceableError, begin, remainder
from annt_prof.trace.source import (
    DEFAULT_MAX_BYTES,
    BrokenOffError,
    beginning,
    chunks,
    content,
    is_compressed,
    place_of,
)
from annt_prof.trace.table import Table
from annt_prof.trace.unreadable import remarks
from annt_prof.trace.untimed import without_untimed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.trace.columns import Thread
    from annt_prof.trace.decoders import Decoders
    from annt_prof.trace.parts import Part
    from annt_prof.trace.remote import TraceFile
    from annt_prof.trace.source import Notify
    from annt_prof.trace.stretches import Stretches

OfThreads = TypeVar("OfThreads", Allocations, ForwardLinks)

_UNPROVEN = (
    "the compressed file ends before its check sum, so nothing proves that what was read of it is "
    "as it was written"
)


def read(
    path: TraceFile,
    max_bytes: int = DEFAULT_MAX_BYTES,
    notify: Notify | None = None,
    processes: int | Decoders = 1,
) -> Trace:
    """Read ``.json`` or ``.json.gz`` into columns.

    Args:
        path: The trace file.
        max_bytes: Bound on the decompressed size.
        notify: Told every now and then how many bytes of the file have been read, and its size.
        processes: How many may decode a large file beside one another, or those that are started
            already; the result is the same. With more than one the calling program's main module
            must bear to be imported again, as ``multiprocessing`` says of starting processes: they
            are forked only where this process has no other threads.

    A file without its end gives the events before it; ``Trace.losses`` says so. Where the end
    lacks nothing but the check sum of what was compressed, or entries are no JSON, ``Trace.doubts``
    does: such an entry is read if there is one way to read it.

    Raises:
        NotATraceError: The file is something else than a PyTorch trace; says what, if it is known.
        UserError: The file cannot be read, is damaged, is no JSON, breaks off before its first
            whole entry, has none that can be read, is larger than ``max_bytes``, or was merged
            from several processes whose work cannot be told apart.
    """
    with _without_garbage_collection():
        try:
            trace = _read_sliced(path, max_bytes, notify, processes)
        except (NotSliceableError, BrokenOffError):
            trace = _read_whole(path, max_bytes)
    _refuse_foreign(trace, path)
    return trace


def _refuse_foreign(trace: Trace, path: TraceFile) -> None:
    """Refuse a trace that another profiler wrote: it has no category of PyTorch's."""
    if bool((trace.events.kind == Kind.OTHER).all()):
        from annt_prof.trace.foreign import FOREIGN_BYTES, foreign_events

        foreign = foreign_events(beginning(path, FOREIGN_BYTES))
        if foreign is not None:
            raise foreign.refused(str(path))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Spare the collector a million objects without cycles; it would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_sliced(
    path: TraceFile, max_bytes: int, notify: Notify | None, processes: int | Decoders
) -> Trace:
    text: Iterator[bytes] = chunks(path, max_bytes, notify)
    opening = begin(text)
    head = Head(opening.document.distributedInfo, opening.document.deviceProperties)
    text = chain((opening.rest,), text)
    table, joiner = Table(), Joiner()
    started = (
        decoders_for(path, processes) if isinstance(processes, int) else nullcontext(processes)
    )
    with started as decoders:
        if decoders is not None:
            stretches = _stretches(path, opening.start, text, max_bytes, notify, decoders)
            for part in stretches.parts():
                joiner.add(part)
            text = stretches.rest()
    for document in remainder(opening.head, text):
        if document.traceEvents is not msgspec.UNSET:
            table.add(document.traceEvents)
        head.distributedInfo = document.distributedInfo or head.distributedInfo
        head.deviceProperties = document.deviceProperties or head.deviceProperties
    joiner.add(table.part())
    return _trace(path, joiner.whole(), head, num_malformed=0, losses=())


def _stretches(
    path: TraceFile,
    start: int,
    text: Iterator[bytes],
    max_bytes: int,
    notify: Notify | None,
    decoders: Decoders,
) -> Stretches:
    """Cut a file itself where it can be read anywhere, and else its text as it comes in."""
    from annt_prof.trace.stretches import StretchesOfChunks, StretchesOfFile

    if isinstance(path, Path) and not is_compressed(path) and path.stat().st_size <= max_bytes:
        return StretchesOfFile(path, start, decoders, notify)
    return StretchesOfChunks(text, decoders)


def _read_whole(path: TraceFile, max_bytes: int) -> Trace:
    """Read what is damaged, or laid out as Kineto never does; it takes more memory."""
    from annt_prof.trace.decoding import decode_whole  # few files need it

    file_content = content(path, max_bytes)
    decoded = decode_whole(file_content, str(path))
    document = decoded.document
    table = Table()
    table.add(document.traceEvents or [])
    unproven = (_UNPROVEN,) if file_content.truncated and not decoded.losses else ()
    doubts = unproven + decoded.doubts
    return _trace(path, table.part(), document, decoded.num_malformed, decoded.losses, doubts)


def _trace(
    path: TraceFile,
    part: Part,
    head: Head,
    num_malformed: int,
    losses: tuple[str, ...],
    doubts: tuple[str, ...] = (),
) -> Trace:
    distributed = head.distributedInfo or DistributedInfo()
    # Those of the events first, in whichever order events and others are in the file.
    number_of = {
        thread: number
        for number, thread in enumerate(
            dict.fromkeys((*part.threads, *part.allocation_threads, *part.link_threads))
        )
    }
    left_out = remarks(part.unreadable, partial(place_of, path))
    if left_out and not len(part.events):
        raise UserError(f"it has no event that can be read: {'; '.join(left_out)}", where=str(path))
    events, num_untimed = without_untimed(part.events)
    whole = Trace(
        source=str(path),
        events=events,
        names=part.names,
        allocations=_renumbered(part.allocations, part.allocation_threads, number_of),
        forward_links=_renumbered(part.forward_links, part.link_threads, number_of),
        threads=tuple(number_of),
        geometries=part.geometries,
        messages=part.messages,
        rank=integer(distributed.rank),
        world_size=integer(distributed.world_size),
        backend=distributed.backend,
        device_names=tuple(device.name or "" for device in head.deviceProperties),
        compute_major=next((integer(d.computeMajor) for d in head.deviceProperties), None),
        num_clamped=part.num_clamped,
        num_malformed=num_malformed + part.num_timeless + num_untimed,
        losses=losses,
        doubts=(*doubts, *left_out),
        unread=part.unread,
        unreadable=part.unreadable,
    )
    return one_process(whole)


def _renumbered(
    columns: OfThreads, threads: tuple[Thread, ...], number_of: dict[Thread, int]
) -> OfThreads:
    numbers = np.array([number_of[thread] for thread in threads], np.int32)
    return replace(columns, thread=numbers[columns.thread])

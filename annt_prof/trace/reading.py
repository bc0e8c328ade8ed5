"""Reads a Kineto trace file, of any PyTorch version, without torch."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from annt_prof.trace.columns import Kind, Trace
from annt_prof.trace.decoding import decode_whole
from annt_prof.trace.document import DistributedInfo, Head
from annt_prof.trace.foreign import FOREIGN_BYTES, foreign_events
from annt_prof.trace.numbers import integer
from annt_prof.trace.processes import one_process
from annt_prof.trace.slices import NotSliceableError, documents
from annt_prof.trace.source import DEFAULT_MAX_BYTES, BrokenOffError, beginning, chunks, content
from annt_prof.trace.table import Table
from annt_prof.trace.untimed import without_untimed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.trace.remote import TraceFile
    from annt_prof.trace.source import Notify


_UNPROVEN = (
    "the compressed file ends before its check sum, so nothing proves that what was read of it is "
    "as it was written"
)


def read(
    path: TraceFile, max_bytes: int = DEFAULT_MAX_BYTES, notify: Notify | None = None
) -> Trace:
    """Read ``.json`` or ``.json.gz`` into columns.

    Args:
        path: The trace file.
        max_bytes: Bound on the decompressed size.
        notify: Told every now and then how many bytes of the file have been read, and its size.

    A file without its end gives the events before it; ``Trace.losses`` says so. Where the end
    lacks nothing but the check sum of what was compressed, or entries are no JSON, ``Trace.doubts``
    does: such an entry is read if there is one way to read it.

    Raises:
        NotATraceError: The file is something else than a PyTorch trace; says what, if it is known.
        UserError: The file cannot be read, is damaged, is no JSON, breaks off before its first
            whole entry, has a time that is no number, is larger than ``max_bytes``, or was merged
            from several processes whose work cannot be told apart.
    """
    with _without_garbage_collection():
        try:
            trace = _read_sliced(path, max_bytes, notify)
        except (NotSliceableError, BrokenOffError):
            trace = _read_whole(path, max_bytes)
    _refuse_foreign(trace, path)
    return trace


def _refuse_foreign(trace: Trace, path: TraceFile) -> None:
    """Refuse a trace that another profiler wrote: it has no category of PyTorch's."""
    if bool((trace.events.kind == Kind.OTHER).all()):
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


def _read_sliced(path: TraceFile, max_bytes: int, notify: Notify | None) -> Trace:
    table, head = Table(str(path)), Head()
    for document in documents(chunks(path, max_bytes, notify)):
        if document.traceEvents is not msgspec.UNSET:
            table.add(document.traceEvents)
        head.distributedInfo = document.distributedInfo or head.distributedInfo
        head.deviceProperties = document.deviceProperties or head.deviceProperties
    return _trace(path, table, head, num_malformed=0, losses=())


def _read_whole(path: TraceFile, max_bytes: int) -> Trace:
    """Read what is damaged, or laid out as Kineto never does; it takes more memory."""
    file_content = content(path, max_bytes)
    decoded = decode_whole(file_content, str(path))
    document = decoded.document
    table = Table(str(path))
    table.add(document.traceEvents or [])
    unproven = (_UNPROVEN,) if file_content.truncated and not decoded.losses else ()
    doubts = unproven + decoded.doubts
    return _trace(path, table, document, decoded.num_malformed, decoded.losses, doubts)


def _trace(
    path: TraceFile,
    table: Table,
    head: Head,
    num_malformed: int,
    losses: tuple[str, ...],
    doubts: tuple[str, ...] = (),
) -> Trace:
    distributed = head.distributedInfo or DistributedInfo()
    events, num_untimed = without_untimed(table.events())
    whole = Trace(
        source=str(path),
        events=events,
        names=table.names,
        allocations=table.allocations(),
        forward_links=table.forward_links(),
        threads=table.threads,
        geometries=table.geometries,
        messages=table.messages,
        rank=integer(distributed.rank),
        world_size=integer(distributed.world_size),
        backend=distributed.backend,
        device_names=tuple(device.name or "" for device in head.deviceProperties),
        compute_major=next((integer(d.computeMajor) for d in head.deviceProperties), None),
        num_clamped=table.num_clamped,
        num_malformed=num_malformed + table.num_timeless + num_untimed,
        losses=losses,
        doubts=doubts,
        unread=table.unread(),
    )
    return one_process(whole)

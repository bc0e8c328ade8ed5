"""The digests that an application has, is making, or cannot have."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.errors import UserError
from annt_prof.runs.digest_process import Digesting
from annt_prof.runs.digesting import Ready
from annt_prof.runs.digests import Digest, recall
from annt_prof.views.digest_progress import cancelled

if TYPE_CHECKING:
    from pathlib import Path

_MOST_ITEMS = 1_500_000
"""Of all that is kept: each takes about 50 bytes."""
_MOST_KEPT = 8
_LEAST_KEPT = 2
"""However large: a screen compares two."""

Stamp = tuple[int, int]
"""Size and time of change of a file: another one means to look again."""


class Reading(NamedTuple):
    """How far a trace is read; both are 0 before that begins.

    Attributes:
        num_read_bytes, size_bytes: So many bytes, of so many.
    """

    num_read_bytes: int
    size_bytes: int


class Shelf:
    """Gives digests out, makes those that are not kept, and keeps the last few in memory."""

    def __init__(self) -> None:
        self._there: OrderedDict[Path, tuple[Stamp, Digest]] = OrderedDict()
        self._refused: dict[Path, tuple[Stamp, UserError]] = {}
        self._recalled: dict[Path, tuple[Stamp, Future[Digest | None], bool]] = {}
        self._made: dict[Path, tuple[Stamp, Digesting]] = {}
        self._beside = ThreadPoolExecutor(max_workers=1)

    def get(self, trace: Path, *, keep: bool) -> Digest | UserError | None:
        """Return the digest of a trace, why there is none, or None while it is being made.

        Args:
            trace: The file.
            keep: Whether the digest may be written beside it.
        """
        stamp = _stamp(trace)
        there, refused = self._there.get(trace), self._refused.get(trace)
        if there is not None and there[0] == stamp:
            self._there.move_to_end(trace)
            return there[1]
        if refused is not None and refused[0] == stamp:
            return refused[1]
        if trace not in self._recalled and trace not in self._made:
            self._recalled[trace] = stamp, self._beside.submit(recall, trace), keep
        return None

    def advance(self, trace: Path) -> Reading | None:
        """Return how far a trace is, and None once it is there or refused."""
        try:
            return self._advance(trace)
        except UserError as error:
            self._drop(trace)
            self._refused[trace] = _stamp(trace), error
            return None

    def cancel(self, trace: Path) -> None:
        """Make it no further; what asks for it again is told that it was cancelled."""
        self._drop(trace)
        self._refused[trace] = _stamp(trace), cancelled(str(trace))

    def forget_refusals(self) -> None:
        """Try again what was cancelled or could not be read, when it is asked for."""
        self._refused.clear()

    def close(self) -> None:
        """End all processes."""
        for trace in [*self._recalled, *self._made]:
            self._drop(trace)
        self._beside.shutdown(wait=False, cancel_futures=True)

    def _advance(self, trace: Path) -> Reading | None:
        if trace in self._recalled:
            stamp, recalled, keep = self._recalled[trace]
            if not recalled.done():
                return Reading(0, 0)
            known = recalled.result()
            del self._recalled[trace]
            if known is not None:
                self._put(trace, stamp, known)
                return None
            # Taken before the process begins: what it reads may be other bytes later on.
            self._made[trace] = _stamp(trace), Digesting(trace, keep=keep)
            self._made[trace][1].start()
        if trace not in self._made:
            return None
        stamp, making = self._made[trace]
        state = making.poll()
        if isinstance(state, UserError):
            raise state
        if isinstance(state, Ready):
            del self._made[trace]
            self._put(trace, stamp, making.take(state))
            return None
        return Reading(state.num_read_bytes, state.size_bytes)

    def _drop(self, trace: Path) -> None:
        recalled, made = self._recalled.pop(trace, None), self._made.pop(trace, None)
        if recalled is not None:
            recalled[1].cancel()
        if made is not None:
            made[1].cancel()

    def _put(self, trace: Path, stamp: Stamp, made: Digest) -> None:
        """Keep the digest of a trace as it was when its reading began."""
        self._there[trace] = stamp, made
        self._there.move_to_end(trace)
        while len(self._there) > _LEAST_KEPT and (
            len(self._there) > _MOST_KEPT
            or sum(len(kept.lanes) for _, kept in self._there.values()) > _MOST_ITEMS
        ):
            self._there.popitem(last=False)


def _stamp(trace: Path) -> Stamp:
    try:
        status = trace.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns

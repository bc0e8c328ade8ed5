"""What a picture of the steps needs: every item with its place, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum, auto
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.timeline.idleness import CAUSES
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Category, KernelClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = -1
"""In a column of places or indices: there is none, or it is not known."""
NOT_DRAWN = -1
"""The row of an item that is nested too deep for its lane, and of the idle row of nothing."""
UNKNOWN_NS = np.iinfo(np.int64).min
"""In a column of instants: it is not known."""


class LaneKind(StrEnum):
    """What a lane is of."""

    THREAD = "thread"
    PATH = "path"
    """The critical path."""
    IDLE = "idle"
    """When no device was busy."""
    STREAM = "stream"


class ItemKind(IntEnum):
    """What an item is."""

    PHASE = 0
    OPERATOR = auto()
    """An operator or a range of the program's own."""
    CALL = auto()
    """A call of a device's runtime or driver."""
    KERNEL = auto()
    COPY = auto()
    MEMSET = auto()
    GAP = auto()
    """A time in which no device was busy, for one cause."""
    PATH = auto()
    """A stretch of the critical path."""


_PHASES = tuple(phase.value for phase in PHASES)
_CATEGORIES = tuple(category.value for category in CATEGORIES)

LABELS: dict[ItemKind, tuple[str, ...]] = {
    ItemKind.PHASE: _PHASES,
    ItemKind.OPERATOR: _PHASES,
    ItemKind.CALL: _PHASES,
    ItemKind.KERNEL: tuple(kind.value for kind in KernelClass),
    ItemKind.COPY: (Category.H2D_COPY.value, Category.OTHER_COPY.value),
    ItemKind.MEMSET: ("memset",),
    ItemKind.GAP: tuple(cause.value for cause in CAUSES),
    ItemKind.PATH: _CATEGORIES,
}
"""What the label of an item of each kind is an index into: of operators and calls the phase that
the main thread was in as they began, of kernels their class, of gaps their cause, of the path the
category that its time counts as."""


class Lane(msgspec.Struct, frozen=True):
    """One thread, one stream, the path, or the idle time.

    Attributes:
        kind: Which of these.
        title: With the number that the trace gives it.
        num_rows: Rows that items are drawn in; the rows of items count from 0.
        num_cut: Items nested deeper than these rows.
        phases: Whether the first row is of phases.
        calls: Whether the last row is of calls.
    """

    kind: LaneKind
    title: str
    num_rows: int
    num_cut: int = 0
    phases: bool = False
    calls: bool = False


@dataclass(frozen=True, eq=False)
class Lanes:
    """Items of the selected steps; those of one row follow one another in the order of time.

    Items of one row do not overlap. Instants count from the begin of the first step. Every column
    has shape (n,).

    Attributes:
        lanes: The main thread, autograd's threads, other threads, the path, the idle time, streams.
        names: What items are called; data, never markup.
        step_names: Of the steps.
        step_start_ns: int64, shape (steps,).
        step_end_ns: int64, shape (steps,).
        origin_ns: The first step's begin, on the trace's own clock.
        lane: int16, index into ``lanes``.
        row: int16, within the lane, or ``NOT_DRAWN``.
        kind: int8, an ``ItemKind``.
        start_ns: int64.
        end_ns: int64.
        name: int32, index into ``names``.
        label: int8, index into ``LABELS`` of its kind; ``NONE`` where it has none.
        category: int8, index into ``CATEGORIES``: what the time of a device's activity, of a gap
            or of the path counts as; ``NONE`` of host items.
        on_path: bool, whether a device's activity has time on the critical path; of an item of the
            threads that run steps whether the host is on the path while it lasts; of gaps and of
            the path itself always.
        launched_by: int32, the call that launched a device's activity, or ``NONE``.
        launched_ns: int64, when that call began, or ``UNKNOWN_NS``.
        parent: int32, the innermost operator around an operator or a call on its thread; of a
            stretch of the path the device's activity that it is; or ``NONE``.
        step: int32, index into the steps: the one it begins in, or that comes first within it.
    """

    lanes: tuple[Lane, ...]
    names: tuple[str, ...]
    step_names: tuple[str, ...]
    step_start_ns: NDArray[np.int64]
    step_end_ns: NDArray[np.int64]
    origin_ns: int
    lane: NDArray[np.int16]
    row: NDArray[np.int16]
    kind: NDArray[np.int8]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    name: NDArray[np.int32]
    label: NDArray[np.int8]
    category: NDArray[np.int8]
    on_path: NDArray[np.bool_]
    launched_by: NDArray[np.int32]
    launched_ns: NDArray[np.int64]
    parent: NDArray[np.int32]
    step: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.start_ns)

    def places(self) -> dict[tuple[int, int], slice]:
        """Return where the items of each lane and row are, in the order of time."""
        key = self.lane.astype(np.int64) * 2**16 + self.row
        rows = [(n, row) for n, lane in enumerate(self.lanes) for row in range(lane.num_rows)]
        wanted = np.array([lane * 2**16 + row for lane, row in rows], np.int64)
        first, stop = np.searchsorted(key, wanted), np.searchsorted(key, wanted, side="right")
        spans = zip(first.tolist(), stop.tolist(), strict=True)
        return {row: slice(*span) for row, span in zip(rows, spans, strict=True)}

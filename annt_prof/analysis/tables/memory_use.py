"""Memory over the steps: how much, when it peaked, and which operators held it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, distinct, innermost, places_by
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.trace.columns import MISSING, UNTOLD_BYTES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Allocations, Trace

    Ints = NDArray[np.int64]

BEFORE = "allocated before the trace began"
NO_OPERATOR = "outside operators"

# Source: c10/core/DeviceType.h; the profiler reports HIP as CUDA.
_DEVICE_TYPES = {0: "cpu", 1: "cuda"}


class MemoryHolder(msgspec.Struct, frozen=True):
    """What one operator had allocated and not yet freed at the peak.

    Attributes:
        operator: The innermost one around the allocation; ``BEFORE`` or ``NO_OPERATOR`` for
            what no operator of the trace allocated.
        bytes: Of all of them.
        count: Allocations; None for what was there before.
    """

    operator: str
    bytes: int
    count: int | None


class StepMemory(msgspec.Struct, frozen=True):
    """One step.

    Attributes:
        step: Its name.
        num_allocations: Made in it.
        peak_bytes: Most in use after any allocation or release of the step; None where it has
            none.
        end_bytes: In use after the last one; None likewise.
    """

    step: str
    num_allocations: int
    peak_bytes: int | None
    end_bytes: int | None


class MemoryUse(msgspec.Struct, frozen=True):
    """One device over the steps. Bytes as the allocator counts them.

    Attributes:
        device: Such as ``cuda:0``; ``cpu`` counts from the start of the trace, not from zero.
        peak_bytes: Most in use within the steps.
        peak_ns: When, on the trace's own clock.
        peak_step: In which step.
        peak_phase: In which phase; None where it is not known.
        peak_reserved_bytes: Most held by the caching allocator; None on the host, and where not
            every event tells.
        holders: Who held the peak, the largest first, as many as asked for; None where the events
            up to it do not all tell what they allocated or freed.
        steps: Each alone.
    """

    device: str
    peak_bytes: int
    peak_ns: int
    peak_step: str
    peak_phase: str | None
    peak_reserved_bytes: int | None
    holders: tuple[MemoryHolder, ...] | None
    steps: tuple[StepMemory, ...]


def memory_use(timeline: Timeline, top: int) -> tuple[MemoryUse, ...] | None:
    """Return the memory of each device within the steps, accelerators first.

    None where the profiler recorded no memory in them (``profile_memory=True`` makes it). A device
    is left out where its events do not tell enough (``untold_memory``).

    Args:
        timeline: Of a trace with allocations or not.
        top: Most holders to list.
    """
    if _unplaced(timeline.trace.allocations):
        return None
    uses = [
        _use(timeline, own, of_step, top)
        for own, of_step in _by_device(timeline)
        if _tells(own[of_step != NOWHERE])
    ]
    return tuple(uses) or None


def untold_memory(timeline: Timeline) -> str | None:
    """Say whose memory ``memory_use`` leaves out although events of it are there, or None.

    Torch wrote the bytes of an allocation first, its address and the totals later, and totals
    only where the allocator tells them. Source: torch/csrc/autograd/profiler_kineto.cpp.
    """
    if _unplaced(timeline.trace.allocations):
        return "memory is left out, as not every [memory] event tells its device"
    untold = [
        _device(own) for own, of_step in _by_device(timeline) if not _tells(own[of_step != NOWHERE])
    ]
    if not untold:
        return None
    return (
        f"the memory of {', '.join(untold)} is left out, as not every [memory] event tells how "
        "much it allocated and how much is then in use; old versions of PyTorch do not write that"
    )


def _unplaced(allocations: Allocations) -> bool:
    return bool((allocations.device_type == MISSING).any())


def _by_device(timeline: Timeline) -> Iterator[tuple[Allocations, Ints]]:
    """Yield what was allocated on each device that has any in the steps, and in which step."""
    allocations = timeline.trace.allocations
    order = np.argsort(allocations.time_ns, kind="stable")
    kinds, numbers = allocations.device_type[order], allocations.device_id[order]
    devices = sorted(
        (
            (kind, number)
            for kind in distinct(kinds).tolist()
            for number in distinct(numbers[kinds == kind]).tolist()
        ),
        key=lambda device: (-device[0], device[1]),
    )
    for kind, number in devices:
        own = allocations[order[(kinds == kind) & (numbers == number)]]
        of_step = timeline.steps.step_at(own.time_ns)
        if (of_step != NOWHERE).any():
            yield own, of_step


def _tells(stepping: Allocations) -> bool:
    """Tell whether the peak is known: one event that does not tell may have been it."""
    told = (stepping.total_allocated >= 0) & (stepping.bytes != UNTOLD_BYTES)
    return bool(told.all())


def _device(own: Allocations) -> str:
    kind, number = int(own.device_type[0]), int(own.device_id[0])
    name = _DEVICE_TYPES.get(kind, f"device type {kind}")
    return name if number < 0 else f"{name}:{number}"


def _reserved(stepping: Allocations) -> int | None:
    on_host = stepping.device_type[0] == 0
    if on_host or (stepping.total_reserved < 0).any():
        return None
    return int(stepping.total_reserved.max())


def _use(timeline: Timeline, own: Allocations, of_step: Ints, top: int) -> MemoryUse:
    steps = timeline.steps
    inside = np.flatnonzero(of_step != NOWHERE)
    peak = int(inside[np.argmax(own.total_allocated[inside])])
    phase = int(timeline.phases.segments.label_at(own.time_ns[[peak]])[0])
    return MemoryUse(
        device=_device(own),
        peak_bytes=int(own.total_allocated[peak]),
        peak_ns=int(own.time_ns[peak]),
        peak_step=steps.names[of_step[peak]],
        peak_phase=None if phase == NOWHERE else PHASES[phase].value,
        peak_reserved_bytes=_reserved(own[inside]),
        holders=_holders(timeline.trace, own, peak, top),
        steps=tuple(_step(name, own[of_step == index]) for index, name in enumerate(steps.names)),
    )


def _step(name: str, own: Allocations) -> StepMemory:
    used = own.total_allocated
    return StepMemory(
        step=name,
        num_allocations=int((own.bytes > 0).sum()),
        peak_bytes=int(used.max()) if len(used) else None,
        end_bytes=int(used[-1]) if len(used) else None,
    )


def _holders(
    trace: Trace, own: Allocations, peak: int, top: int
) -> tuple[MemoryHolder, ...] | None:
    """Sum up by operator what was allocated in the trace up to the peak and not freed by then."""
    live: dict[int, int] = {}
    until = slice(peak + 1)
    if (own.address[until] == MISSING).any() or (own.bytes[until] == UNTOLD_BYTES).any():
        return None
    changes = zip(own.address[until].tolist(), own.bytes[until].tolist(), strict=True)
    for index, (address, size) in enumerate(changes):
        if size > 0:
            live[address] = index
        else:
            live.pop(address, None)
    chosen = np.array(sorted(live.values()), np.intp)
    sizes: dict[str, int] = {}
    counts: dict[str, int] = {}
    for operator, size in zip(_operators(trace, own, chosen), own.bytes[chosen], strict=True):
        sizes[operator] = sizes.get(operator, 0) + int(size)
        counts[operator] = counts.get(operator, 0) + 1
    holders = [MemoryHolder(operator, sizes[operator], counts[operator]) for operator in sizes]
    before = int(own.total_allocated[peak]) - sum(sizes.values())
    if before > 0:
        holders.append(MemoryHolder(BEFORE, before, None))
    return tuple(sorted(holders, key=lambda holder: (-holder.bytes, holder.operator))[:top])


def _operators(trace: Trace, own: Allocations, chosen: NDArray[np.intp]) -> list[str]:
    """Return the innermost operator around each allocation on its thread."""
    events = trace.events
    label = np.full(len(chosen), NOWHERE, np.int64)
    operators = np.flatnonzero(events.of_kind(Kind.OPERATOR))
    operators_by_thread = places_by(events.thread[operators])
    for thread, mine in places_by(own.thread[chosen]).items():
        if (places := operators_by_thread.get(thread)) is None:
            continue
        here = operators[places]
        instants = np.sort(own.time_ns[chosen[mine]])
        begun = np.searchsorted(instants, events.start_ns[here])
        # Of the many operators only those around an allocation are flattened.
        here = here[np.searchsorted(instants, events.end_ns[here]) > begun]
        around = innermost(
            events.start_ns[here], events.end_ns[here], events.name[here].astype(np.int64)
        )
        label[mine] = around.label_at(own.time_ns[chosen[mine]])
    return [NO_OPERATOR if name == NOWHERE else trace.names[name] for name in label]

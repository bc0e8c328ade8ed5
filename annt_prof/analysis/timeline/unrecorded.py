"""Whether what a device did is missing from a trace: no device activity is not no device.

Of a file that breaks off it is not known whether the profiler recorded the device: Kineto writes
device activities after the operators, so they may be in the part that is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.trace.columns import DEVICE_KINDS, Kind

if TYPE_CHECKING:
    from annt_prof.trace.columns import Trace

# Source: kineto's CUPTI wrapper (CUPTI_ERROR_INSUFFICIENT_PRIVILEGES, which the driver's option
# NVreg_RestrictProfilingToAdminUsers decides; CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED), and
# torch.profiler's ``activities``.
_CAUSES = (
    "it was told to record the CPU alone, may not read the device's performance counters, "
    "another profiler is attached to the device, its window was too short, or it writes of this "
    "kind of device what is not read here"
)
UNRECORDED = "the device was not recorded"
NOT_UNDERSTOOD = "the device's events are not understood"
UNREADABLE = "none of the device's events has a time and a duration that can be read"
BROKEN_OFF = "the file breaks off before any kernel, copy or memset"

_OF_ACCELERATORS = ("nccl", "rccl", "xccl", "hccl", "cncl")
"""Backends of torch.distributed that take tensors of accelerators alone."""


def unrecorded_device(trace: Trace, accelerator: bool | None = None) -> str | None:
    """Say why a trace does not show what its device did, or None where it does or there is none.

    Without this a trace whose kernels were lost reads like one of a program on the CPU, and the
    host's time like that of the work itself.

    Args:
        trace: With device activities or not.
        accelerator: Whether the program used one, where the caller knows it. Otherwise the file
            is asked: one that lists devices, has calls of a device's runtime, ranges or
            allocations on a device, or a backend that communicates between devices alone is of a
            program that used one.
    """
    if accelerator is False or trace.events.of_kind(*DEVICE_KINDS).any():
        return None
    sign = "the run was on an accelerator" if accelerator else sign_of_a_device(trace)
    if sign is None:
        return None
    told = "" if accelerator else "; if the program used the CPU alone, --on-cpu says so"
    if trace.unread:
        return f"{NOT_UNDERSTOOD}: {_named(trace)}, so what it did is not known{told}"
    if _any_unreadable(trace):
        return f"{UNREADABLE}, so what it did is not known{told}"
    if trace.losses:
        return f"{BROKEN_OFF}: {sign}, so what it did may be in the part that is lost{told}"
    missing = f"{UNRECORDED}: {sign}, and there is no kernel, copy or memset"
    return f"{missing}. Likely causes in the profiler: {_CAUSES}{told}"


def why_no_activities(trace: Trace) -> str:
    """Say in a word why what needs the device's activities is None, where they are missing."""
    if trace.unread:
        return NOT_UNDERSTOOD
    if _any_unreadable(trace):
        return UNREADABLE
    return BROKEN_OFF if trace.losses else UNRECORDED


def unread_activities(trace: Trace) -> str | None:
    """Say which events of a device are in no figure although others are read; None without any."""
    if not trace.unread or not trace.events.of_kind(*DEVICE_KINDS).any():
        return None
    return f"{NOT_UNDERSTOOD} altogether: {_named(trace)} are in no figure"


def _named(trace: Trace) -> str:
    listed = (
        f"{units.count(unread.count, 'event')} of "
        f"{repr(unread.category) if unread.category else 'no category'} "
        f"({units.duration(unread.time_ns)})"
        for unread in trace.unread
    )
    return ", ".join(listed)


def _any_unreadable(trace: Trace) -> bool:
    return any(unreadable.kind in DEVICE_KINDS for unreadable in trace.unreadable)


def sign_of_a_device(trace: Trace) -> str | None:
    """Say what in a file tells that its program used an accelerator; None where nothing does."""
    if trace.unread:
        return "the file has events that look like a device's"
    if _any_unreadable(trace):
        return "the file has a device's events that cannot be read"
    if trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER).any():
        return "the program called a device's runtime"
    if trace.events.of_kind(Kind.DEVICE_ANNOTATION, Kind.DEVICE_SYNC).any():
        return "the file has ranges or waits of a device"
    if (trace.allocations.device_type > 0).any():
        return "the program allocated memory on a device"
    if trace.device_names:
        named = ", ".join(name or "a device" for name in dict.fromkeys(trace.device_names))
        return f"the file lists {named}"
    if any(backend in (trace.backend or "") for backend in _OF_ACCELERATORS):
        return f"the program communicated by {trace.backend}"
    return None

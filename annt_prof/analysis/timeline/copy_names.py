"""What the name of a copy tells: between which memories it goes."""

from __future__ import annotations

import re
from typing import NamedTuple

TO_DEVICE = "HtoD"

# "Memcpy HtoD (Pinned -> Device)" of CUDA, "CopyHostToDevice" and "Memcpy DtoH (Device -> Host)"
# of ROCm. Source: kineto's CuptiActivity.cpp and RoctracerActivity.cpp.
_SHORT = re.compile(r"[HDPA]to[HDPA]")
_LONG = re.compile(r"(Host|Device|Peer)To(Host|Device|Peer)")
_MEMORIES = re.compile(r"\((\w+)\s*->\s*(\w+)\)")
# "Memcpy M2D (MEMORY(Unknown) -> DEVICE)" of Intel. M is memory that its driver did not allocate,
# such as malloc's; H is host, D device and S shared memory that it did. What it allocates on the
# host is page-locked.
# Source: kineto's XpuptiActivityHandlers.cpp, PTI's ptiViewMemcpyTypeToString, and Level Zero's
# ze_memory_type_t and zeMemAllocHost.
_INTEL = re.compile(r"Memcpy ([MHDS])2([MHDS])\b")
_SIDES = {"M": "H", "H": "H", "D": "D", "S": "S"}


class CopyKind(NamedTuple):
    """Between which memories a copy goes.

    Attributes:
        direction: ``HtoD``, ``DtoH``, ``DtoD``, ``PtoP`` and the like, or ``unknown``; ``S`` is
            memory that the host and an Intel device share, wherever it is at the time.
        host_memory: ``Pinned`` or ``Pageable`` for a copy that has a host side and tells; else
            None.
    """

    direction: str
    host_memory: str | None


def copy_kind(name: str) -> CopyKind:
    """Return direction and kind of host memory, as far as the name of the copy tells them."""
    intel = _INTEL.match(name)
    if intel:
        ends = intel.groups()
        direction = "to".join(_SIDES[end] for end in ends)
        return CopyKind(direction, "Pinned" if "H" in ends and "M" not in ends else None)
    return CopyKind(_direction(name), _host_memory(name))


def _direction(name: str) -> str:
    short = _SHORT.search(name)
    if short:
        return short[0]
    long = _LONG.search(name)
    return f"{long[1][0]}to{long[2][0]}" if long else "unknown"


def _host_memory(name: str) -> str | None:
    memories = _MEMORIES.search(name)
    named = memories.groups() if memories else ()
    return next((memory for memory in named if memory in ("Pinned", "Pageable")), None)

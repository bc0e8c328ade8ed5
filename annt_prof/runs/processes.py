"""Which process a run is, so that whether it still lives can be told later on."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_PROC = Path("/proc")
_ENDED = {"Z", "X", "x"}  # a zombie, which has ended and which nobody has asked about, or dead


class RunProcess(msgspec.Struct, frozen=True):
    """A process that no later one of the same number is taken for.

    Attributes:
        pid: Its number, which the kernel gives again.
        started: When it started, in clock ticks since the machine did; 0 where nothing tells.
        boot: Which start of which machine that was; empty where nothing tells.
    """

    pid: int
    started: int = 0
    boot: str = ""


def this_process(proc: Path = _PROC) -> RunProcess:
    """Return the process that asks."""
    told = _state_and_start(os.getpid(), proc)
    return RunProcess(os.getpid(), 0 if told is None else told[1], _boot(proc))


def lives(process: RunProcess, proc: Path = _PROC) -> bool:
    """Whether this very process still runs; never so where it runs on another machine."""
    told = _state_and_start(process.pid, proc)
    if told is None or process.boot != _boot(proc):
        return False
    state, started = told
    return started == process.started and state not in _ENDED


def _state_and_start(pid: int, proc: Path) -> tuple[str, int] | None:
    """Return a process's state and start; None where there is none.

    Source: proc(5), /proc/pid/stat; the name in its second field may hold anything.
    """
    try:
        text = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])


def _boot(proc: Path) -> str:
    try:
        return (proc / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""

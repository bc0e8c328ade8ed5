"""CPU time and memory of a process tree and of the machine, read straight from ``/proc``.

Reading ``/proc`` through open descriptors costs about a hundredth of walking the tree with a
general library 25 times a second, and a descriptor can't be fooled by a reused process id.

Source: proc_pid_stat(5), proc_stat(5), proc_meminfo(5), proc_pid_task(5).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from annt_prof.telemetry import columns

_PROC = Path("/proc")
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_STAT_BYTES = 4096

_SLOW_PERIOD_NS = 500_000_000
_SHARE_OF_SEARCHING = 100  # looking for new processes takes at most a hundredth of the time


class ProcessTree:
    """A process and its descendants, those that lost their parent since included.

    The CPU time is that of living members and of the children they waited for, so that it
    neither falls nor jumps when a member ends. Resident memory counts a page that forked
    processes share once for each of them.

    Args:
        root: Process id at the top.
        without: Process ids that are left out with all below them.
    """

    def __init__(self, root: int, without: frozenset[int] = frozenset()) -> None:
        self._root = root
        self._without = without
        self._members: dict[int, int] = {}  # process id to descriptor; parents before children
        self._search_due_ns = 0
        self._total = 0
        self._lost = 0

    def read(self) -> dict[str, int]:
        """Return ``tree_cpu_ns``, ``tree_memory_bytes``; empty once no member lives.

        In the reading after a member ended the CPU time is left out: whether its parent took
        the time over is seen in the next one.
        """
        self._search()
        ticks = pages = 0
        ended = False
        for pid, descriptor in tuple(self._members.items()):
            fields = _stat(descriptor)
            if fields is None:
                os.close(self._members.pop(pid))
                ended = True
                continue
            ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
            pages += int(fields[21])
        if not self._members:
            return {}
        memory = {columns.TREE_MEMORY_BYTES: pages * _PAGE_BYTES}
        return memory if ended else {columns.TREE_CPU_NS: self._grown(ticks) * _TICK_NS, **memory}

    def _grown(self, ticks: int) -> int:
        # What ended without being waited for took its time along: the count goes on from there.
        self._lost += max(0, self._total - (ticks + self._lost))
        self._total = ticks + self._lost
        return self._total

    def _search(self) -> None:
        began = time.monotonic_ns()
        if began < self._search_due_ns:
            return
        waiting = [self._root, *self._members]
        seen = set(self._without)
        while waiting:
            pid = waiting.pop(0)
            if pid in seen:
                continue
            seen.add(pid)
            if pid in self._members or self._add(pid):
                waiting += _children(pid)
        ended = time.monotonic_ns()
        self._search_due_ns = ended + max(_SLOW_PERIOD_NS, _SHARE_OF_SEARCHING * (ended - began))

    def _add(self, pid: int) -> bool:
        try:
            self._members[pid] = os.open(_PROC / str(pid) / "stat", os.O_RDONLY)
        except OSError:
            return False
        return True


def _stat(descriptor: int) -> list[bytes] | None:
    """The fields from the third on, the state being the first; None once the process is gone."""
    try:
        text = os.pread(descriptor, _STAT_BYTES, 0)
    except ProcessLookupError:
        return None
    # The second field is the program's name in brackets and may hold anything.
    return text[text.rindex(b")") + 2 :].split()


def _children(pid: int) -> list[int]:
    tasks = _PROC / str(pid) / "task"
    children: list[int] = []
    try:
        for task in os.listdir(tasks):  # noqa: PTH208 - names are enough, and cheaper
            children += map(int, (tasks / task / "children").read_text().split())
    except FileNotFoundError:
        return children if _HAS_CHILDREN_FILES else _children_by_parent(pid)
    except OSError:
        pass
    return children


_HAS_CHILDREN_FILES = (_PROC / "self" / "task" / str(os.getpid()) / "children").exists()


def _children_by_parent(pid: int) -> list[int]:
    """The children of a process on a kernel that doesn't list them."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


class System:
    """The whole machine: CPU time spent working, all cores together, and memory left."""

    def __init__(self) -> None:
        self._stat = os.open(_PROC / "stat", os.O_RDONLY)
        self._meminfo = os.open(_PROC / "meminfo", os.O_RDONLY)
        self._due_ns = 0

    def read(self) -> dict[str, int]:
        """Return ``system_busy_ns``, ``system_available_bytes``; empty between two readings.

        Two readings a second: ``/proc/stat`` costs a millisecond on machines with many cores.
        """
        now = time.monotonic_ns()
        if now < self._due_ns:
            return {}
        self._due_ns = now + _SLOW_PERIOD_NS
        return {
            columns.SYSTEM_BUSY_NS: busy_ns(os.pread(self._stat, _STAT_BYTES, 0)),
            columns.SYSTEM_AVAILABLE_BYTES: _available(os.pread(self._meminfo, _STAT_BYTES, 0)),
        }


def busy_ns(stat: bytes) -> int:
    """Return the CPU time spent neither idle nor waiting for a disk, from ``/proc/stat``."""
    user, nice, system, _idle, _iowait, *interrupts = map(int, stat.split(b"\n", 1)[0].split()[1:])
    # irq, softirq and steal; the guest columns after them are part of user and nice.
    return (user + nice + system + sum(interrupts[:3])) * _TICK_NS


def _available(meminfo: bytes) -> int:
    line = next(line for line in meminfo.splitlines() if line.startswith(b"MemAvailable:"))
    return int(line.split()[1]) * 1024

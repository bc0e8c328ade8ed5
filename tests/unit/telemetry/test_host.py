import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from annt_prof.telemetry import columns, host
from annt_prof.telemetry.host import ProcessTree, System, busy_ns

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _stat(pid, parent_ticks=(0, 0, 0, 0), pages=1, name="a (tricky) name"):
    fields = ["0"] * 50
    fields[11:15] = [str(ticks) for ticks in parent_ticks]
    fields[21] = str(pages)
    fields[0] = "S"
    return f"{pid} ({name}) {' '.join(fields)}\n"


class Proc:
    """A process tree made of files; a process ends when its file is emptied of sense."""

    def __init__(self, root, monkeypatch):
        self.root = root
        self.gone = set()
        self.descriptors = {}
        monkeypatch.setattr(host, "_PROC", root)
        monkeypatch.setattr(host, "_SLOW_PERIOD_NS", 0)
        monkeypatch.setattr(host, "_SHARE_OF_SEARCHING", 0)
        real = host._stat

        def stat(descriptor):
            path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
            return None if path.removesuffix(" (deleted)") in self.gone else real(descriptor)

        monkeypatch.setattr(host, "_stat", stat)

    def put(self, pid, ticks, children=(), pages=1):
        folder = self.root / str(pid)
        (folder / "task" / str(pid)).mkdir(parents=True, exist_ok=True)
        (folder / "stat").write_text(_stat(pid, ticks, pages))
        (folder / "task" / str(pid) / "children").write_text(" ".join(map(str, children)))

    def end(self, pid):
        self.gone.add(str(self.root / str(pid) / "stat"))
        (self.root / str(pid) / "stat").unlink()


@pytest.fixture
def proc(tmp_path, monkeypatch):
    return Proc(tmp_path, monkeypatch)


def test_time_and_memory_of_all_descendants(proc):
    proc.put(1, (10, 5, 0, 0), children=(2,), pages=3)
    proc.put(2, (20, 0, 0, 0), children=(3,), pages=4)
    proc.put(3, (0, 7, 0, 0), pages=5)
    page = os.sysconf("SC_PAGE_SIZE")
    assert ProcessTree(1).read() == {
        columns.TREE_CPU_NS: 42 * TICK_NS,
        columns.TREE_MEMORY_BYTES: 12 * page,
    }


def test_a_process_left_out_takes_its_children_along(proc):
    proc.put(1, (10, 0, 0, 0), children=(2, 4))
    proc.put(2, (20, 0, 0, 0), children=(3,))
    proc.put(3, (40, 0, 0, 0))
    proc.put(4, (1, 0, 0, 0))
    tree = ProcessTree(1, without=frozenset({2}))
    assert tree.read()[columns.TREE_CPU_NS] == 11 * TICK_NS


def test_a_child_that_was_waited_for_neither_falls_nor_jumps(proc):
    proc.put(1, (10, 0, 0, 0), children=(2,))
    proc.put(2, (90, 0, 0, 0))
    tree = ProcessTree(1)
    assert tree.read()[columns.TREE_CPU_NS] == 100 * TICK_NS
    proc.end(2)  # its parent has not taken its time over yet
    proc.put(1, (10, 0, 0, 0))
    assert columns.TREE_CPU_NS not in tree.read()
    proc.put(1, (11, 0, 90, 0))
    assert tree.read()[columns.TREE_CPU_NS] == 101 * TICK_NS


def test_a_child_nobody_waits_for_keeps_the_count_going(proc):
    proc.put(1, (10, 0, 0, 0), children=(2,))
    proc.put(2, (90, 0, 0, 0))
    tree = ProcessTree(1)
    tree.read()
    proc.end(2)
    proc.put(1, (10, 0, 0, 0))
    tree.read()
    assert tree.read()[columns.TREE_CPU_NS] == 100 * TICK_NS
    proc.put(1, (13, 0, 0, 0))
    assert tree.read()[columns.TREE_CPU_NS] == 103 * TICK_NS


def test_a_grandchild_whose_parent_ended_stays(proc):
    proc.put(1, (0, 0, 0, 0), children=(2,))
    proc.put(2, (0, 0, 0, 0), children=(3,))
    proc.put(3, (50, 0, 0, 0))
    tree = ProcessTree(1)
    tree.read()
    proc.end(2)
    proc.put(1, (0, 0, 0, 0))
    tree.read()
    proc.put(3, (60, 0, 0, 0))
    assert tree.read()[columns.TREE_CPU_NS] == 60 * TICK_NS


def test_a_tree_that_ended_reads_as_nothing(proc):
    proc.put(1, (1, 0, 0, 0))
    tree = ProcessTree(1)
    tree.read()
    proc.end(1)
    assert tree.read() == {}
    assert ProcessTree(999).read() == {}


def test_a_kernel_without_children_files_falls_back(monkeypatch):
    monkeypatch.setattr(host, "_HAS_CHILDREN_FILES", False)
    monkeypatch.setattr(host, "_PROC", host.Path("/nowhere"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in host._children(os.getpid())
        child.communicate(b"\n")
    assert host._children(child.pid) == []


def test_the_real_tree_agrees_with_psutil():
    busy = "import sys, time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: 0\n"
    command = [sys.executable, "-c", busy + "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        reading = ProcessTree(child.pid).read()
        times = psutil.Process(child.pid).cpu_times()
        memory = psutil.Process(child.pid).memory_info().rss
        child.communicate(b"\n")
    assert reading[columns.TREE_CPU_NS] / 1e9 == pytest.approx(times.user + times.system, abs=0.05)
    assert reading[columns.TREE_CPU_NS] >= 0.25e9
    assert reading[columns.TREE_MEMORY_BYTES] == pytest.approx(memory, rel=0.1)


def test_busy_time_leaves_idle_waiting_and_guests_out():
    line = b"cpu  1 2 4 8000 9000 16 32 64 1000 1000\ncpu0 5 5 5 5 5 5 5 5 5 5\n"
    assert busy_ns(line) == (1 + 2 + 4 + 16 + 32 + 64) * TICK_NS


def test_the_system_is_read_twice_a_second(monkeypatch):
    now = 10**12
    monkeypatch.setattr(time, "monotonic_ns", lambda: now)
    system = System()
    first = system.read()
    assert first[columns.SYSTEM_BUSY_NS] > 0
    assert first[columns.SYSTEM_AVAILABLE_BYTES] == pytest.approx(
        psutil.virtual_memory().available, rel=0.2
    )
    now += 499_000_000
    assert system.read() == {}
    now += 1_000_000
    assert system.read()

"""Ranks that are read beside one another: the same result, whoever reads them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import psutil
import pytest

from annt_prof.analysis.ranks.engine import dask_executor
from annt_prof.analysis.ranks.pool import pool_of_readers, worthwhile_processes
from annt_prof.analysis.ranks.ranks import compare_ranks
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.pool import _uninterrupted
from annt_prof.trace.remote import trace_files
from interruptible import heed_interrupts

ALL_REDUCE = "ncclDevKernel_AllReduce_Sum_f32_RING_LL"


@pytest.fixture
def run(tmp_path):
    """Six ranks, of which one breaks off, one is damaged and one file is no trace."""
    for rank in range(6):
        builder = TraceBuilder(world_size=6)
        for at in (0, 1000):
            builder.step(at, at + 1000)
            builder.kernel(ALL_REDUCE, at + 10 * rank, at + 500, launch_ns=at + 1)
        text = builder.json().replace('"rank": 0', f'"rank": {rank}')
        (tmp_path / f"x{9 - rank}.json").write_text(text)
    (tmp_path / "x4.json").write_text("{damaged")
    (tmp_path / "x5.json").write_text(text[:-20].replace('"rank": 5', '"rank": 4'))
    (tmp_path / "config.json").write_text('{"layers": 3}')
    return tmp_path


@pytest.fixture(scope="module")
def pool():
    with pool_of_readers(2) as executor:
        yield executor


def test_the_result_is_the_same_however_many_read(run, pool):
    here = compare_ranks(trace_files(run))
    assert [rank.rank for rank in here.ranks] == [0, 1, 2, 3, 4]
    assert "x4.json is left out: not JSON" in " ".join(here.remarks)
    assert "config.json is skipped: not a PyTorch trace" in " ".join(here.remarks)
    assert compare_ranks(trace_files(run), executor=pool) == here
    with ThreadPoolExecutor(3) as threads:
        assert compare_ranks(trace_files(run), executor=threads) == here
    assert compare_ranks(reversed(trace_files(run)), executor=pool) == here


def test_files_that_do_not_tell_their_rank_are_numbered_by_name(tmp_path, pool):
    for name in ("c.json", "a.json", "b.json"):
        TraceBuilder().step(0, 100).kernel("gemm", 0, 10).write(tmp_path / name)
    found = compare_ranks([tmp_path / "b.json", tmp_path / "c.json", tmp_path / "a.json"])
    assert [(rank.rank, rank.source) for rank in found.ranks] == [
        (0, "a.json"), (1, "b.json"), (2, "c.json"),
    ]  # fmt: skip
    assert compare_ranks(trace_files(tmp_path), executor=pool) == found


def test_each_file_that_is_done_is_told(run, pool):
    told = []
    compare_ranks(trace_files(run), notify=lambda *progress: told.append(progress), executor=pool)
    assert {path.name for path, _, _ in told} == {path.name for path in run.iterdir()}
    assert [(done, out_of) for _, done, out_of in told] == [(number, 7) for number in range(1, 8)]


def test_workers_start_no_pool_of_their_own(run, pool):
    compare_ranks(trace_files(run), executor=pool)
    assert pool.submit(_children).result() == []


def _children():
    return [child.pid for child in multiprocessing.active_children()]


def test_one_damaged_file_alone_is_its_own_error(tmp_path, pool):
    (tmp_path / "rank0.json").write_text("{damaged")
    for executor in (None, pool):
        with pytest.raises(UserError, match=r"rank0\.json: not JSON"):
            compare_ranks(trace_files(tmp_path), executor=executor)


class Broken(Executor):
    """Loses the process that has the second file."""

    def __init__(self):
        self.futures = []

    def submit(self, *_):
        future = Future()
        if self.futures:
            from concurrent.futures.process import BrokenProcessPool

            future.set_exception(BrokenProcessPool())
        self.futures.append(future)
        return future


def test_a_killed_process_is_an_error_and_the_rest_is_not_waited_for(run):
    broken = Broken()
    with pytest.raises(UserError, match=r"was killed[\s\S]*--processes"):
        compare_ranks(trace_files(run), executor=broken)
    assert broken.futures[0].cancelled()


@pytest.mark.parametrize(
    ("sizes", "most", "processes"),
    [
        ((2**21, 2**21), 4, 2),
        ((2**21, 2**21), 1, 1),
        ((2**20, 2**19), 8, 1),
        ((10, 10), 8, 1),
        ((2**20,) * 9, 4, 4),
    ],
)
def test_small_files_are_not_worth_a_process(sizes, most, processes, tmp_path):
    for number, size in enumerate(sizes):
        with (tmp_path / f"{number}.json").open("wb") as file:
            file.truncate(size)
    assert worthwhile_processes(trace_files(tmp_path), most) == processes


HANGING = """
import os, sys, time
from pathlib import Path
from annt_prof.analysis.ranks.pool import pool_of_readers

def hang(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)

if __name__ == "__main__":
    with pool_of_readers(2) as executor:
        futures = [executor.submit(hang, sys.argv[1]) for _ in range(4)]
        while len(os.listdir(sys.argv[1])) < 2:
            time.sleep(0.01)
        print(*os.listdir(sys.argv[1]), flush=True)
        futures[0].result()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_end_with_the_command(number, tmp_path):
    script = tmp_path / "hanging.py"
    script.write_text(HANGING)
    folder = tmp_path / "hanging"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, script, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_interrupts,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    children = [int(pid) for pid in process.stdout.readline().split()]
    assert children
    process.send_signal(number)
    _, complaint = process.communicate(timeout=60)
    assert complaint.count("Traceback") == (number == signal.SIGINT)  # of the script itself
    deadline = time.monotonic() + 60
    while any(map(_lives, children)):
        assert time.monotonic() < deadline, "a process was left behind"
        time.sleep(0.05)


@pytest.mark.parametrize("taken_by", ["this thread", "another"])
def test_ctrl_c_waits_until_the_processes_have_started(taken_by):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    steps = []
    try:
        with pytest.raises(KeyboardInterrupt), _uninterrupted():  # noqa: PT012
            if taken_by == "another":
                other = threading.Thread(target=_take_an_interrupt)
                other.start()
                other.join()
            else:
                signal.raise_signal(signal.SIGINT)
            steps.append("started")
        assert steps == ["started"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def _take_an_interrupt():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.raise_signal(signal.SIGINT)


def _lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_cluster_reads_them_too(run):
    distributed = pytest.importorskip("distributed", reason="needs annt-prof[dask]")
    here = compare_ranks(trace_files(run))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    )
    with cluster, dask_executor(cluster.scheduler_address) as executor:
        assert compare_ranks(trace_files(run), executor=executor) == here


def test_a_cluster_that_does_not_answer_is_an_error():
    pytest.importorskip("distributed", reason="needs annt-prof[dask]")
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "100ms"}),
        pytest.raises(UserError, match=r"--dask tcp://127.0.0.1:1: no dask scheduler answers"),
        dask_executor("tcp://127.0.0.1:1"),
    ):
        pytest.fail("there is none")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (lambda killed: killed.__new__(killed), "workers ran out of memory"),
        (lambda _: ModuleNotFoundError("No module named 'annt_prof'"), "install annt-prof where"),
    ],
)
def test_what_goes_wrong_on_a_cluster_is_an_error(lost, said):
    distributed = pytest.importorskip("distributed", reason="needs annt-prof[dask]")
    cluster = distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None)
    with (
        cluster,
        pytest.raises(UserError, match=said),
        dask_executor(cluster.scheduler_address),
    ):
        raise lost(distributed.KilledWorker)


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=r"pip install 'annt-prof\[dask\]'"),
        dask_executor("tcp://host:8786"),
    ):
        pytest.fail("there is none")

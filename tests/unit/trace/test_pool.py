"""However this process ends, and whatever becomes of the others, nobody is left behind."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, CancelledError

import psutil
import pytest

from annt_prof.trace.pool import process_pool

LONG_S = 300


def begin(name, value):
    os.environ[name] = value


def test_processes_begin_with_what_they_are_given():
    with process_pool(1, "annt_prof.trace.table", begin, "ANNT_PROF_TEST", "7") as pool:
        assert pool.submit(os.getenv, "ANNT_PROF_TEST").result() == "7"
        assert pool.submit(os.getpid).result() != os.getpid()


def test_they_do_not_look_for_cycles_in_what_they_share():
    """It would write to every object of the parent's, which is thereby copied."""
    with process_pool(1, "annt_prof.trace.table") as pool:
        assert pool.submit(gc.get_freeze_count).result() > 1000


CHOOSING = """
import sys, threading
from annt_prof.trace.pool import process_pool
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
with process_pool(1, "annt_prof.trace.shelf") as pool:
    print(type(pool._mp_context).__name__)
"""


@pytest.mark.parametrize(("argument", "context"), [("", "Fork"), ("thread", "ForkServer")])
def test_a_process_with_threads_is_not_forked(argument, context):
    """A fork copies the locks that its threads hold."""
    command = [sys.executable, "-c", CHOOSING, argument]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    chosen = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert chosen.stdout.strip() == f"{context}Context"
    assert not chosen.stderr


HANDLING = f"""
import os, signal, sys, threading, time
from annt_prof.trace.pool import process_pool
def told(number, frame):
    raise KeyboardInterrupt
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, told)
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
ignored = "ignored" in sys.argv
signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)
with process_pool(1, "annt_prof.trace.shelf") as pool:
    handlers = [pool.submit(signal.getsignal, n).result() for n in (2, 15, 1)]
    print(*(handler.name for handler in handlers), pool.submit(os.getpid).result(), flush=True)
    if "working" in sys.argv:
        for _ in range(3):
            pool.submit(time.sleep, {LONG_S})
        raise KeyboardInterrupt
"""


@pytest.mark.parametrize("start", ["forked", "thread"])
@pytest.mark.parametrize(("argument", "interrupt"), [("", "SIG_DFL"), ("ignored", "SIG_IGN")])
def test_no_process_has_the_handlers_of_its_parent(start, argument, interrupt):
    command = [sys.executable, "-c", HANDLING, start, argument]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.split()[:3] == [interrupt, "SIG_DFL", "SIG_DFL"]


@pytest.mark.parametrize("start", ["forked", "thread"])
def test_so_an_exception_ends_them_at_once(start):
    command = [sys.executable, "-c", HANDLING, start, "working"]
    parent = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=LONG_S / 10
    )
    assert parent.stderr.rstrip().endswith("KeyboardInterrupt")
    assert not psutil.pid_exists(int(parent.stdout.split()[3]))


def test_an_exception_ends_processes_at_their_work():
    futures = []

    def work_and_fail():
        with process_pool(2, "annt_prof.trace.table") as pool:
            pool.submit(os.getpid).result()  # they have begun
            futures.extend(pool.submit(time.sleep, LONG_S) for _ in range(5))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_and_fail()
    for future in futures:
        with pytest.raises((BrokenExecutor, CancelledError)):
            future.result()


def test_a_killed_process_is_told():
    with pytest.raises(BrokenExecutor), process_pool(2, "annt_prof.trace.table") as pool:
        pool.submit(signal.raise_signal, signal.SIGKILL).result()


def test_one_that_was_killed_at_the_end_is_not_waited_for():
    """As it waited for work it held the lock that the others then wait for."""
    for _ in range(3):
        with process_pool(2, "annt_prof.trace.table") as pool:
            for process in {pool.submit(os.getpid).result() for _ in range(8)}:
                os.kill(process, signal.SIGKILL)
                break


ABANDONING = f"""
import os, sys, threading, time
from annt_prof.trace.pool import process_pool
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
with process_pool(1, "annt_prof.trace.table") as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, {LONG_S}).result()
"""


@pytest.mark.parametrize("argument", ["", "thread"], ids=["forked", "by a server"])
def test_a_process_ends_with_its_parent_even_at_its_work(argument):
    command = [sys.executable, "-c", ABANDONING, argument]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        try:
            worker.wait(LONG_S / 10)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()

"""Runs items: each in a process of its own, with a time limit, and not past the deadline.

An item that has no more time is told to end by SIGTERM, and killed with all that it left behind
once it has, or has not within ``GRACE_S``. Its readings are on the disk by then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gpu_items.reporting import Task, as_arguments, read_readings
from benchmarks.gpu_items.values import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.gpu_items.values import Item

ROOT = Path(__file__).resolve().parents[2]
GRACE_S = 8.0
"""For an item that is told to end, to keep what it has measured. A run of the product has most of
it, see ``commands``."""

_POLL_S = 0.05
_REHEARSAL_S = 15.0  # estimate of any rehearsed item
_TAIL = 400  # characters of what a failed item printed last


@dataclass(frozen=True)
class Plan:
    """How items are run.

    Attributes:
        part: Written into every outcome.
        deadline: Of ``time.monotonic``; what runs then is told to end.
        dry_run: On the CPU with tiny sizes; what needs a device is skipped.
        has_device: Whether there is a CUDA device.
        lanes: Items at a time, of those that may run beside others.
        work: Folder for everything but the results.
        sizing: File of what part 1 found.
        ended: Asked often; a reason ends everything.
    """

    part: int
    deadline: float
    dry_run: bool
    has_device: bool
    lanes: int
    work: Path
    sizing: Path
    ended: Callable[[], str | None]


class _Running:
    """One item's process."""

    def __init__(self, item: Item, plan: Plan) -> None:
        self.item = item
        self.began = time.monotonic()
        scratch, keep = plan.work / "scratch" / item.key, plan.work / "keep" / item.key
        scratch.mkdir(parents=True)
        keep.mkdir(parents=True)
        self._readings = scratch / "readings.jsonl"
        self.log = keep / "log.txt"
        left_s = plan.deadline - self.began
        self.until = self.began + min(item.limit_s, left_s)
        self._ending = ""
        task = Task(
            device="cuda" if plan.has_device and not plan.dry_run else "cpu",
            tiny=plan.dry_run,
            readings=self._readings,
            keep=keep,
            scratch=scratch,
            sizing=plan.sizing,
        )
        command = [sys.executable, "-m", item.module]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *item.arguments, *as_arguments(task)],
                cwd=ROOT,
                env=_environment(plan, item),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def outcome(self, plan: Plan) -> Outcome | None:
        """Return how it went; None while it runs."""
        status, now = self._process.poll(), time.monotonic()
        if status is None and not self._ending:
            reason = plan.ended()
            if reason is None and now < self.until:
                return None
            self._ending = reason or f"not done after {now - self.began:.0f} s"
            self.until = now + GRACE_S
            # The item alone: it tells the command that it runs, whose own processes that one ends.
            self._process.terminate()
        if status is None and now < self.until:
            return None
        _end_session(self._process)
        readings = read_readings(self._readings)
        if self._ending:
            found, why = Status.KILLED, self._ending
        elif status:
            found, why = Status.FAILED, f"exit status {status}: {self._last_words()}"
        else:
            off = [each.name for each in readings if not each.as_expected]
            found, why = (Status.OFF, "; ".join(off)) if off else (Status.DONE, "")
        return Outcome(
            plan.part, self.item.key, self.item.title, self.item.serves, found,
            round(now - self.began, 2), why, readings, plan.dry_run,
        )  # fmt: skip

    def _last_words(self) -> str:
        text = self.log.read_text(errors="replace").strip()
        return " / ".join(text[-_TAIL:].splitlines()[-3:])


def _environment(plan: Plan, item: Item) -> dict[str, str]:
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    # Whole paths, since items run commands in folders of their own.
    paths = [str(ROOT), *(str(Path(path).resolve()) for path in given)]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CACHE_HOME": str(plan.work / "cache"),  # ceilings of this hour, nobody else's
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "120",
        **({"OMP_NUM_THREADS": str(_threads(plan))} if plan.dry_run or item.beside_others else {}),
    }


def _threads(plan: Plan) -> int:
    """Return what each of several items may use: six that took all cores ran ten times slower."""
    return 1 if plan.dry_run else max(1, (os.cpu_count() or 1) // plan.lanes)


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill the item and whatever it left behind: its process group and its session's others."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getsid(int(entry.name)) == process.pid:
                    os.kill(int(entry.name), signal.SIGKILL)


def run(items: Iterable[Item], plan: Plan) -> Iterator[Outcome]:
    """Yield each item's outcome as it ends."""
    pending, running = deque(items), list[_Running]()
    try:
        while pending or running:
            for each in tuple(running):
                if (outcome := each.outcome(plan)) is not None:
                    running.remove(each)
                    yield outcome
            while pending and _has_room(pending[0], running, plan):
                item = pending.popleft()
                if (reason := _skipped(item, plan)) is not None:
                    yield Outcome(
                        plan.part, item.key, item.title, item.serves, Status.SKIPPED, 0.0, reason
                    )
                else:
                    running.append(_Running(item, plan))
            time.sleep(_POLL_S)
    finally:
        for each in running:
            _end_session(each._process)


def _has_room(item: Item, running: list[_Running], plan: Plan) -> bool:
    """Tell whether the item may start now; what times something runs alone, but in a rehearsal."""
    if not running:
        return True
    together = item.beside_others and all(each.item.beside_others for each in running)
    return (together or plan.dry_run) and len(running) < plan.lanes


def _skipped(item: Item, plan: Plan) -> str | None:
    """Return why the item is not run."""
    if (reason := plan.ended()) is not None:
        return reason
    if lacking := missing(item.needs):
        return f"not installed: {', '.join(lacking)}"
    if plan.dry_run and item.not_rehearsed:
        return item.not_rehearsed
    if not (plan.dry_run or plan.has_device):
        return "torch sees no CUDA device"
    estimate_s = _REHEARSAL_S if plan.dry_run else item.estimate_s
    left_s = plan.deadline - time.monotonic()
    if left_s < estimate_s:
        return f"takes about {estimate_s:.0f} s, and {max(left_s, 0):.0f} s are left"
    return None


def missing(needs: Iterable[str]) -> list[str]:
    """Return what cannot be imported of these packages, in their order."""
    return [name for name in dict.fromkeys(needs) if not _can_import(name)]


def _can_import(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package that a module is in
        return False

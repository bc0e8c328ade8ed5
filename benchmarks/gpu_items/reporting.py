"""An item's own side: what it is to do, and where its readings go."""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from benchmarks.gpu_items.values import Expectation, Reading

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclasses.dataclass(frozen=True)
class Task:
    """What an item's process is given.

    Attributes:
        device: ``cpu`` or ``cuda``.
        tiny: Sizes for a rehearsal; expectations are left out where they need a device.
        readings: File of readings, one JSON line each.
        keep: What is put there is archived.
        scratch: Folder for everything else; gone in the end.
        sizing: File of what part 1 found.
    """

    device: str
    tiny: bool
    readings: Path
    keep: Path
    scratch: Path
    sizing: Path

    @property
    def on_device(self) -> bool:
        """Whether there is an accelerator to use."""
        return self.device == "cuda"

    def report(self, reading: Reading) -> None:
        """Write a reading at once, so that it outlives a kill."""
        found = dataclasses.asdict(reading.as_json_allows())
        line = json.dumps(found, allow_nan=False) + "\n"
        with self.readings.open("a") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def judged(self, expected: Expectation) -> Expectation | None:
        """Expect it on a device only."""
        return expected if self.on_device else None


def as_arguments(task: Task) -> list[str]:
    """Return a task as ``task_of`` reads it."""
    fields = {name: str(value) for name, value in vars(task).items() if name != "tiny"}
    given = [part for name, value in fields.items() for part in (f"--{name}", value)]
    given += ["--parent", str(os.getpid())]
    return [*given, *(["--tiny"] if task.tiny else [])]


def task_of(parser: argparse.ArgumentParser | None = None) -> tuple[Task, argparse.Namespace]:
    """Parse an item's command line, with the group's own arguments in ``parser``."""
    parser = parser or argparse.ArgumentParser()
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--tiny", action="store_true")
    for name in ("readings", "keep", "scratch", "sizing"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args()
    _end_with_the_parent(given.parent)
    names = [field.name for field in dataclasses.fields(Task)]
    return Task(**{name: getattr(given, name) for name in names}), given


def _end_with_the_parent(parent: int) -> None:
    """Be told to end where the parent is killed, or the next part would find the device in use."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # killed before it could be asked for
            raise SystemExit("the process that started this item is gone")


def reading_of(found: dict[str, Any]) -> Reading:
    """Return a reading from its JSON."""
    expected, interval = found["expected"], found["interval"]
    return Reading(
        **found
        | {
            "expected": expected and Expectation(**expected),
            "interval": interval and (interval[0], interval[1]),
        }
    )


def read_readings(path: Path) -> tuple[Reading, ...]:
    """Return what an item reported; a line that broke off is left out."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            found.append(reading_of(json.loads(line)))
        except json.JSONDecodeError:
            break
    return tuple(found)

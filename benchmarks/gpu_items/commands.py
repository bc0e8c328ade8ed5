"""The product, driven by its command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.executing import GRACE_S
from benchmarks.gpu_items.values import Reading

if TYPE_CHECKING:
    from pathlib import Path

_TOLD_TO_END: list[float] = []  # when, of time.monotonic
_KEEPING_S = GRACE_S - 2.0  # of the grace, for the command; the rest is for the item
_LOOK_S = 0.5
_LAST = 300  # characters of what a command complained of
MEASURED_IN_PART = 3
"""Exit status of a run that lost a variant."""


@dataclass(frozen=True)
class Answer:
    """What a command left."""

    status: int
    output: bytes
    complaint: str

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON, or an empty one where it printed none."""
        try:
            return json.loads(self.output)
        except ValueError:
            return {}

    def trouble(self, *accepted: int) -> str:
        """Return what went wrong, unless the exit status is accepted."""
        if self.status in accepted and self.output:
            return ""
        return f"exit status {self.status}: {self.complaint[-_LAST:].strip()}"


def annt_prof(
    *arguments: str | Path, folder: Path, environment: dict[str, str] | None = None
) -> Answer:
    """Run a command of the product in a folder; what it complains of lands in the item's log."""
    command = [sys.executable, "-m", "annt_prof", *map(str, arguments)]
    print("$", *command[1:], flush=True)
    status, output, complained = run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    complaint = complained.decode(errors="replace")
    print(complaint, flush=True)
    return Answer(status, output, complaint)


def run(command: list[str], **options: Any) -> tuple[int, bytes, bytes]:
    """Run a command, and return its exit status and what it printed into pipes.

    SIGTERM, by which this process is told to end, is passed on: the command may keep and print what
    it has measured so far, and is killed if that takes long.

    Args:
        command: With its arguments.
        options: Of ``subprocess.Popen``.

    Raises:
        SystemExit: This process was told to end while an earlier command ran.
    """
    if _TOLD_TO_END:
        raise SystemExit("told to end")

    def pass_on(_number: int, _frame: object) -> None:
        _TOLD_TO_END.append(time.monotonic())
        if process is not None:
            process.terminate()

    process = None
    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        process = subprocess.Popen(command, **options)
        if _TOLD_TO_END:
            process.terminate()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                output, complaint = process.communicate(timeout=_LOOK_S)
                return process.returncode, output or b"", complaint or b""
            if _TOLD_TO_END and time.monotonic() > _TOLD_TO_END[0] + _KEEPING_S:
                process.kill()
                # What it printed may be open in processes of its own.
                return process.wait(), b"", b"told to end, and killed"
    finally:
        signal.signal(signal.SIGTERM, before)


def settings(**values: object) -> list[str]:
    """Return ``--set`` options; ``window__warmup=3`` is ``window.warmup=3``."""
    return [
        part
        for name, value in values.items()
        for part in ("--set", f"{name.replace('__', '.')}={value}")
    ]


def variant_readings(answer: dict[str, Any]) -> list[Reading]:
    """Return each variant's speedup with its interval; one that is lost says so."""
    found = []
    for variant in answer.get("variants", ()):
        name, status = variant["name"], variant["status"]
        speedup = variant.get("speedup") or {}
        low, high = speedup.get("low"), speedup.get("high")
        said = [] if status == "measured" else [f"{status}: {variant.get('reason')}"]
        said += _told("{:.5g} samples/s", variant.get("throughput"))
        said += _told("{:.4g} bytes at the peak", variant.get("peak_memory_bytes"))
        said += _told("first step {:.3g} s", variant.get("first_step_s"))
        lost = status in ("crashed", "out_of_memory")
        found.append(
            Reading(
                name,
                speedup.get("ratio"),
                interval=None if low is None or high is None else (low, high),
                launches=speedup.get("launches"),
                note="" if lost else "; ".join(said),
                trouble="; ".join(said) if lost else "",
            )
        )
    return found


def _told(form: str, value: float | None) -> list[str]:
    return [] if value is None else [form.format(value)]

"""The product, driven by its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.values import Reading

if TYPE_CHECKING:
    from pathlib import Path

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
    ended = subprocess.run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True,
        check=False,
    )  # fmt: skip
    complaint = ended.stderr.decode(errors="replace")
    print(complaint, flush=True)
    return Answer(ended.returncode, ended.stdout, complaint)


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

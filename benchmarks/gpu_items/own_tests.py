"""``pytest tests/gpu``, counted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.gpu_items import each_test
from benchmarks.gpu_items.commands import run
from benchmarks.gpu_items.executing import ROOT
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import PRODUCT_NEEDS, Item, Reading, at_most

if TYPE_CHECKING:
    from benchmarks.gpu_items.reporting import Task

ITEMS = (
    Item(
        "own_tests", __name__, "pytest tests/gpu",
        (Owed.GPU_TESTS, Owed.DEVICE_TECHNIQUES, Owed.AMP_AND_PINNING),
        estimate_s=100, limit_s=240, needs=(*PRODUCT_NEEDS, "pytest"),
    ),
)  # fmt: skip
_FAILED_TESTS = 1  # pytest's exit status where tests ran and some failed


def main() -> None:
    """Report how many failed, and which."""
    task, _ = task_of()
    report(task, "tests/gpu")


def report(task: Task, tests: str) -> None:
    """Run tests and report on those that ended, be it that all of them had the time or not."""
    told = task.keep / "tests.jsonl"
    command = [sys.executable, "-m", "pytest", tests, "-q", "-p", "no:cacheprovider"]
    command += ["-p", each_test.__name__, "--each-test", str(told)]
    status, _, _ = run(command, cwd=ROOT)
    found = each_test.read(told)
    ended = found["passed"] | found["failed"] | found["skipped"]
    note = f"{len(ended)} tests, {len(found['skipped'])} skipped"
    note += "".join(f"; {name}" for name in sorted(found["failed"]))
    wrong = [] if status in (0, _FAILED_TESTS) else [f"pytest ended with status {status}"]
    wrong += [f"{name} did not end" for name in sorted(found["begun"] - ended)]
    task.report(
        Reading(
            "failing tests", len(found["failed"]), expected=at_most(0), note=note,
            trouble="; ".join(wrong),
        )
    )  # fmt: skip
    if task.on_device:
        task.report(Reading("skipped tests", len(found["skipped"]), expected=at_most(0)))


if __name__ == "__main__":
    main()

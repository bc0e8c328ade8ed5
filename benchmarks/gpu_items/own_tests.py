"""``pytest tests/gpu``, counted."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

from benchmarks.gpu_items.executing import ROOT
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import PRODUCT_NEEDS, Item, Reading, at_most

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
    report = task.keep / "tests.xml"
    command = [sys.executable, "-m", "pytest", "tests/gpu", "-q", "-p", "no:cacheprovider"]
    status = subprocess.run([*command, f"--junitxml={report}"], cwd=ROOT, check=False).returncode
    if status not in (0, _FAILED_TESTS):
        raise SystemExit(f"pytest ended with status {status}")
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    lost = [_name(case) for case in cases if _ended(case, "failure", "error")]
    skipped = sum(_ended(case, "skipped") for case in cases)
    note = f"{len(cases)} tests, {skipped} skipped" + "".join(f"; {name}" for name in lost)
    task.report(Reading("failing tests", len(lost), expected=at_most(0), note=note))
    if task.on_device:
        task.report(Reading("skipped tests", skipped, expected=at_most(0)))


def _ended(case: ElementTree.Element, *tags: str) -> bool:
    return any(case.find(tag) is not None for tag in tags)


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"


if __name__ == "__main__":
    main()

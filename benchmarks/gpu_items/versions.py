"""Versions and driver, and what ``doctor`` says."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib import metadata

from benchmarks.gpu_items.commands import annt_prof
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading

_PACKAGES = ("torch", "torchvision", "timm", "transformers", "triton", "numpy", "nvidia-ml-py")

ITEMS = (
    Item("versions", __name__, "versions, driver and doctor", (Owed.PYTHONS,), 15, 60, needs=()),
)  # fmt: skip


def main() -> None:
    """Report them."""
    task, _ = task_of()
    task.report(Reading("Python", note=platform.python_version()))
    task.report(Reading("packages", note=", ".join(f"{n} {_version(n)}" for n in _PACKAGES)))
    task.report(Reading("device", note=_device()))
    answer = annt_prof("doctor", "--json", folder=task.scratch)
    (task.keep / "doctor.json").write_bytes(answer.output)
    checks = answer.document.get("checks", ())
    said = [f"{each['name']}: {each['finding']}" for each in checks if each["status"] != "ok"]
    trouble = answer.trouble(0) if task.on_device else answer.trouble(0, 2)
    task.report(Reading("doctor", len(checks), "checks", note="; ".join(said), trouble=trouble))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _device() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "no nvidia-smi"
    query = "--query-gpu=name,driver_version,memory.total,clocks.sm,clocks.max.sm,power.limit"
    asked = [program, query, "--format=csv,noheader"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=30)
    return ended.stdout.strip() or ended.stderr.strip()


if __name__ == "__main__":
    main()

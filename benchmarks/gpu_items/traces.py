"""A small trace of each variant, kept for fixtures, and the profiler plugin's view of each."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.commands import MEASURED_IN_PART, annt_prof
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import PRODUCT_NEEDS, Item, Reading, at_most

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.gpu_items.reporting import Task

ESTIMATE_S = 60.0
ITEMS = (
    Item(
        "traces", __name__, "a small trace of each variant", (Owed.FIXTURES,), ESTIMATE_S, 150,
        needs=(*PRODUCT_NEEDS, "sklearn"),
    ),
)  # fmt: skip
_MOST_BYTES = 1_000_000  # of one trace: eight of them fit the archive with all else


def main() -> None:
    """Record them and look at each."""
    task, _ = task_of()
    path = task.scratch / "traces.yaml"
    path.write_text(json.dumps(_scenario(task)))
    runs = task.scratch / "runs"
    answer = annt_prof(
        "run", path, "--device", task.device, "--runs-dir", runs, "--json", folder=task.scratch
    )
    task.report(Reading("exit status", answer.status, trouble=answer.trouble(0, MEASURED_IN_PART)))
    for variant in answer.document.get("variants", ()):
        if variant["trace"] is not None:
            _look_at(task, variant["name"], runs / answer.document["run_id"] / variant["trace"])


def _scenario(task: Task) -> dict[str, Any]:
    techniques: dict[str, Any] = {"amp": {}, "gradient_accumulation": {"steps": 2}}
    if task.tiny:
        del techniques["amp"]
    if task.on_device:
        techniques["pin_memory"] = {}
    return {
        "name": "traces",
        "model": {"source": "torchvision", "name": "resnet18", "stem": "cifar"},
        "dataset": {
            "name": "digits", "image_size": 8 if task.tiny else 32,
            "batch_size": 2 if task.tiny else 32,
        },
        "techniques": techniques,
        "design": "alone",
        "window": {
            "warmup": 2, "iterations": 2, "switch_in": 1, "rounds": 2, "rounds_per_launch": 1,
            "min_launches": 2, "time_budget_s": 5, "traced_iterations": 2,
        },
    }  # fmt: skip


def _look_at(task: Task, name: str, trace: Path) -> None:
    target = task.keep / f"{name}.json.gz"
    shutil.copy(trace, target)
    size = target.stat().st_size
    task.report(Reading(f"trace of {name}", size / 1e3, "kB", at_most(_MOST_BYTES / 1e3)))
    analysed = annt_prof("analyze", target, "--json", folder=task.scratch)
    task.report(Reading(f"analysis of {name}", analysed.status, trouble=analysed.trouble(0)))
    if find_spec("torch_tb_profiler") is None:
        task.report(Reading(f"plugin's view of {name}", note="torch-tb-profiler is not installed"))
        return
    from torch_tb_profiler.profiler.data import RunProfileData

    try:
        RunProfileData.parse(name, "1", str(target), str(task.scratch)).process()
    except Exception as error:  # noqa: BLE001 - foreign code; any failure is a finding
        task.report(Reading(f"plugin's view of {name}", trouble=f"{type(error).__name__}: {error}"))
    else:
        task.report(Reading(f"plugin's view of {name}", note="it reads the trace"))


if __name__ == "__main__":
    main()

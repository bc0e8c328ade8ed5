"""The shipped scenarios with their accelerator settings: measured, explained and kept."""

from __future__ import annotations

import argparse
import shutil
from typing import TYPE_CHECKING

from annt_prof.plan import LEAST_LAUNCHES
from annt_prof.runs import layout
from benchmarks.gpu_items.commands import MEASURED_IN_PART, annt_prof, settings, variant_readings
from benchmarks.gpu_items.executing import ROOT
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.sizing import budgets
from benchmarks.gpu_items.values import (
    ONE_OF_ITS_KIND,
    PRODUCT_NEEDS,
    Item,
    Reading,
    interval_holds,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.gpu_items.commands import Answer
    from benchmarks.gpu_items.reporting import Task
    from benchmarks.gpu_items.sizing import Sizing

# Variants of each: the baseline, each technique alone, and the whole mix or the baseline again.
AGAIN = {"resnet50_amp": 3}
"""Once is enough for the time there is: other items compare like with like as well."""

_ONE_TECHNIQUE = {"efficientnet_amp": 2, "vit_amp": 2}
_MIXES = {"resnet50_all": 5, "resnet50_digits": 5}
_SHARE = 0.01  # that the baseline may be off from itself, if its interval leaves out 1
_LIMIT = 1.5  # times the estimate
_TINY = {
    "window__warmup": 1, "window__iterations": 2, "window__rounds": 2, "dataset__image_size": 8,
    "window__rounds_per_launch": 1, "window__min_launches": 2, "window__time_budget_s": 6,
    "window__traced_iterations": 2, "dataset__batch_size": 2, "model__name": "resnet18",
    "design": "alone",
}  # fmt: skip
KEPT = (
    layout.RUN_FILE,
    layout.SCENARIO_FILE,
    layout.STEP_TIMES_FILE,
    layout.TELEMETRY_FILE,
    layout.LOGS_FOLDER,
)
"""What is archived of a run directory; traces are kept apart."""


def items(sizing: Sizing, available_s: float) -> tuple[Item, ...]:
    """Return one item for each scenario, the one with the baseline again first."""
    counts = {**AGAIN, **_ONE_TECHNIQUE, **_MIXES}
    sized = budgets(tuple(counts.values()), sizing, available_s, LEAST_LAUNCHES)
    return tuple(
        _item(name, ("--aa",) if name in AGAIN else (), budget.measuring_s, budget.whole_s)
        for name, budget in zip(counts, sized, strict=True)
    )


def _item(name: str, more: tuple[str, ...], measuring_s: float, whole_s: float) -> Item:
    serves = [Owed.SHIPPED_SCENARIOS]
    if name not in _MIXES:
        serves.append(Owed.AMP_AND_PINNING)
    library = ("timm",) if name == "vit_amp" else ()
    return Item(
        name, __name__, f"run and explain {name}.yaml", tuple(serves),
        estimate_s=whole_s, limit_s=_LIMIT * whole_s,
        arguments=(name, "--budget-s", f"{measuring_s:.0f}", *more),
        not_rehearsed="" if name == "resnet50_digits" else ONE_OF_ITS_KIND,
        needs=(*PRODUCT_NEEDS, "sklearn", *library),
    )  # fmt: skip


def _sizes(budget_s: float) -> dict[str, object]:
    """Return what a device's run is given, with no more launches than the budget is sized for."""
    return {
        "window__time_budget_s": budget_s, "window__min_launches": LEAST_LAUNCHES,
        "design": "alone",
    }  # fmt: skip


def main() -> None:
    """Run one scenario, explain it, and keep both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--budget-s", type=float, required=True)
    parser.add_argument("--aa", action="store_true")
    task, given = task_of(parser)
    sizes = _TINY if task.tiny else _sizes(given.budget_s)
    again = ["--aa"] if given.aa else []
    path = ROOT / "scenarios" / f"{given.name}.yaml"
    measure(task, path, *again, *settings(**sizes))


def measure(task: Task, path: Path, *options: str) -> Answer:
    """Run a scenario, report its variants and the verdicts, keep the run; return the answer."""
    runs = task.scratch / "runs"
    try:
        answer = annt_prof(
            "run", path, "--device", task.device, "--runs-dir", runs, "--json", *options,
            folder=task.scratch,
        )  # fmt: skip
        trouble = answer.trouble(0, MEASURED_IN_PART)
        task.report(Reading("exit status", answer.status, note=_stop(answer), trouble=trouble))
        for reading in variant_readings(answer.document):
            task.report(reading)
    finally:  # also of a run that was killed, or told to end
        for directory in runs.iterdir() if runs.exists() else ():
            if directory.is_dir() and not directory.is_symlink():
                _keep(directory, task.keep)
    if answer.document.get("run_id") is not None:
        _explain(task, runs)
    return answer


def _stop(answer: Answer) -> str:
    document = answer.document
    return f"{document.get('stop')}; {document.get('telemetry_note')}"


def _keep(directory: Path, keep: Path) -> None:
    target = keep / directory.name
    target.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        source = directory / name
        if source.is_dir():
            shutil.copytree(source, target / name, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target / name)


def _explain(task: Task, runs: Path) -> None:
    """Report each technique's verdict beside its prediction."""
    explained = annt_prof("explain", "--runs-dir", runs, "--json", folder=task.scratch)
    (task.keep / "explanation.json").write_bytes(explained.output)
    task.report(Reading("explain", explained.status, trouble=explained.trouble(0)))
    document = explained.document
    again = document.get("baseline_again") or {}
    low, high = again.get("low"), again.get("high")
    if again:
        task.report(
            Reading(
                "baseline over itself", again.get("ratio"),
                expected=task.judged(interval_holds(1.0, _SHARE)),
                interval=None if low is None or high is None else (low, high),
                launches=again.get("launches"),
            )
        )  # fmt: skip
    for technique in document.get("techniques", ()):
        held = technique.get("prediction_held")
        told = {True: "prediction held", False: "prediction did not hold", None: ""}[held]
        said = "; ".join(filter(None, (technique["verdict"], technique["reason"], told)))
        task.report(Reading(f"verdict on {technique['name']}", note=said))


if __name__ == "__main__":
    main()

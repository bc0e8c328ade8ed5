"""Every technique on one scenario, each alone, with predictions beside what is measured.

Three runs, the one that is missed most first, so that what cannot stand together (a compiler and
captured graphs, two ways of having the next batch on the device) is in no mix, and one that ends
early or finds no time leaves the others. Blocks that recompute draw their random numbers again,
which torch refuses where passes are captured in some of its versions (pytorch issues 83148 and
162504): they are in a mix without graphs, or the other one could be lost to them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from annt_prof.plan import LEAST_LAUNCHES
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.scenarios import measure
from benchmarks.gpu_items.sizing import budgets
from benchmarks.gpu_items.values import ONE_OF_ITS_KIND, PRODUCT_NEEDS, Item

if TYPE_CHECKING:
    from benchmarks.gpu_items.reporting import Task
    from benchmarks.gpu_items.sizing import Sizing

MIXES: dict[str, dict[str, dict[str, Any]]] = {
    "usual": {
        "amp": {},
        "compile": {},
        "pin_memory": {},
        "device_prefetch": {},
        "dataloader_workers": {"workers": 8},
    },
    "computing": {
        "tf32": {},
        "cuda_graphs": {},
        "dataset_on_device": {},
        "sdpa": {"kernel": "efficient"},
        "cudnn_benchmark": {},
    },
    "rest": {
        "gpu_augmentation": {},
        "activation_checkpointing": {},
        "fused_optimizer": {},
        "gradient_accumulation": {"steps": 2},
        "channels_last": {},
        "gradient_clipping": {"limit": 1.0},
        "set_to_none": {"drop": False},
    },
}
_COMPILING_S = 45.0  # of the first launch
_LAUNCH, _WINDOW = 1.65, 1.9
"""Times what part 1 finds: its model is a smaller one, without loader processes, and windows of
whole epochs are longer. On an H200 launches took 1.6 and 1.3 times, windows 1.0 and 1.9 times as
long, and budgets without these factors held two launches, which say nothing."""

_LIMIT = 1.4  # times the estimate


def items(sizing: Sizing, available_s: float) -> tuple[Item, ...]:
    """Return the runs, with budgets that fit together: baseline, each alone, the mix."""
    counts = tuple(len(mix) + 2 for mix in MIXES.values())
    costs = dataclasses.replace(
        sizing, launch_s=_LAUNCH * sizing.launch_s, window_s=_WINDOW * sizing.window_s
    )
    sized = budgets(counts, costs, available_s - _COMPILING_S, LEAST_LAUNCHES)
    return tuple(
        Item(
            f"every_technique_{name}", __name__,
            f"run and explain {', '.join(MIXES[name])}",
            (Owed.EVERY_TECHNIQUE, Owed.DEVICE_TECHNIQUES),
            estimate_s=budget.whole_s + (_COMPILING_S if "compile" in MIXES[name] else 0),
            limit_s=_LIMIT * budget.whole_s + _COMPILING_S,
            arguments=(name, "--budget-s", f"{budget.measuring_s:.0f}"),
            not_rehearsed="" if name == "rest" else ONE_OF_ITS_KIND,
            needs=(*PRODUCT_NEEDS, "sklearn", "timm"),
        )
        for name, budget in zip(MIXES, sized, strict=True)
    )  # fmt: skip


def main() -> None:
    """Run one of the mixes, explain it, and keep both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mix", choices=MIXES)
    parser.add_argument("--budget-s", type=float, required=True)
    task, given = task_of(parser)
    path = task.scratch / f"every_technique_{given.mix}.yaml"
    path.write_text(json.dumps(_scenario(task, MIXES[given.mix], given.budget_s)))
    measure(task, path)


def _scenario(task: Task, mix: dict[str, dict[str, Any]], budget_s: float) -> dict[str, Any]:
    """Return a transformer with a convolution at its start, on images that can be augmented."""
    window: dict[str, Any] = {
        "warmup": 10, "iterations": 12, "switch_in": 3, "min_launches": LEAST_LAUNCHES,
        "time_budget_s": budget_s, "traced_iterations": 4,
    }  # fmt: skip
    size, batch, arguments = 224, 64, {}
    if task.tiny:
        mix = {name: mix[name] for name in ("set_to_none",) if name in mix}
        size, batch, arguments = 32, 2, {"depth": 1}
        window |= {
            "warmup": 1, "iterations": 1, "switch_in": 1, "rounds": 2, "rounds_per_launch": 1,
            "min_launches": 2, "time_budget_s": 6, "traced_iterations": 1,
        }  # fmt: skip
    return {
        "name": "every_technique",
        "model": {"source": "timm", "name": "vit_small_patch16_224", "arguments": arguments},
        "dataset": {
            "name": "digits", "image_size": size, "batch_size": batch,
            "workers": 0 if task.tiny else 4, "augmentation": ["random_crop"],
        },
        "optimizer": {"name": "adamw", "lr": 3e-4, "weight_decay": 0.05},
        "techniques": mix,
        "design": "alone",
        "window": window,
    }  # fmt: skip


if __name__ == "__main__":
    main()

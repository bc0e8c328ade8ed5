"""Verdicts on a technique that does nothing and on one worth 3 %, on the device."""

from __future__ import annotations

from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading

ITEMS = (
    Item(
        "verdicts", __name__, "verdicts on known work", (Owed.EVERY_TECHNIQUE,),
        estimate_s=130, limit_s=200,
    ),
)  # fmt: skip
_TINY = ("window.rounds=2", "window.rounds_per_launch=1", "window.min_launches=2",
         "window.warmup=1", "window.iterations=2", "window.switch_in=1", "window.time_budget_s=5",
         "window.traced_iterations=1", "model.arguments.products=10")  # fmt: skip
_WANTED = {"identity": ("no_measurable_effect", 1.0), "three_percent": ("helps", 1 / 0.97)}
_SHARE = 0.01
"""Of what each is worth: a ratio this close is right, whatever the verdict. Verdicts come from 95 %
intervals, one in twenty of which is off where all is well."""


def main() -> None:
    """Report both verdicts of one run."""
    from benchmarks import verdicts

    task, _ = task_of()
    environment = verdicts.prepare(task.scratch, task.device)
    answer = verdicts.explained(
        task.scratch, environment, 0, task.device, _TINY if task.tiny else ()
    )
    for technique in answer["techniques"]:
        name, verdict = technique["name"], technique["verdict"]
        speedup = technique["speedup"]
        low, high = speedup["low"], speedup["high"]
        wanted, worth = _WANTED[name]
        far = speedup["ratio"] is None or abs(speedup["ratio"] / worth - 1) > _SHARE
        wrong = task.on_device and verdict != wanted and far
        task.report(
            Reading(
                name, speedup["ratio"],
                interval=None if low is None or high is None else (low, high),
                launches=speedup["launches"], note="" if wrong else verdict,
                trouble=f"{verdict} and not {wanted}" if wrong else "",
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()

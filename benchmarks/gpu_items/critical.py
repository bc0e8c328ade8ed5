"""The critical path of a step that the device holds up."""

from __future__ import annotations

from benchmarks.gpu_items.commands import annt_prof
from benchmarks.gpu_items.injected import Injection, busy, make_loop
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading, at_least

ITEMS = (
    Item(
        "critical_path", __name__, "the critical path of a step that the device holds up",
        (Owed.CRITICAL_PATH,), estimate_s=20, limit_s=60,
    ),
)  # fmt: skip
_SPIN_MS = 20.0
_LEAST_SHARE = 0.9  # of the path


def main() -> None:
    """Report which share of the path the forward pass has, in which the device spins."""
    from benchmarks.gpu_items import product

    task, _ = task_of()
    loop = make_loop(task, Injection(forward=busy(task, _SPIN_MS)))
    product.run_steps(loop, 3)
    path = task.keep / "held_up.json.gz"
    product.traced(loop, 4, path)
    answer = annt_prof("analyze", path, "--json", folder=task.scratch)
    task.report(Reading("analyze", answer.status, trouble=answer.trouble(0)))
    found = answer.document.get("critical_path")
    if found is None:
        reason = answer.document.get("not_measured", {}).get("critical_path", "no reason is given")
        trouble = reason if task.on_device else ""
        task.report(Reading("no critical path", note=reason, trouble=trouble))
        return
    # A step ends when the host goes on, before the device has done what it launched: alone, the
    # first has less than its own spin, and the last one the rest of all of them.
    paths = [step["on_path_ns"] for step in found["steps"]]
    share = sum(path.get("forward", 0) for path in paths) / sum(sum(p.values()) for p in paths)
    task.report(
        Reading(
            f"forward's share of the path of {len(paths)} steps", share,
            expected=task.judged(at_least(_LEAST_SHARE)),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()

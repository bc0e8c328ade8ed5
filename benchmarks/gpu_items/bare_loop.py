"""The timed step against a loop written by hand, on the device."""

from __future__ import annotations

from statistics import median

from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading, interval_holds, within

ITEMS = (
    Item("fidelity", __name__, "timed step over a bare loop's", (Owed.CLOCK,), 105, 220),
)  # fmt: skip
_TINY = ("model.name=resnet18", "dataset.batch_size=2", "dataset.image_size=8", "window.warmup=1")
_SHARE = 0.01


def main() -> None:
    """Report the ratio, and that of two bare loops."""
    from benchmarks import fidelity

    task, _ = task_of()
    shape = fidelity.ON_DEVICE_SHAPE
    overrides = fidelity.ON_DEVICE
    if task.tiny:
        shape = fidelity.Shape(launches=2, rounds=1, iterations=2, switch_in=1)
        overrides = _TINY
    scenario = fidelity.read(fidelity.SCENARIO, overrides, accelerator=task.on_device)
    found = fidelity.compare(scenario, task.device, shape)
    for name, windows in found.window_ns.items():
        task.report(Reading(f"{name}: median step", median(windows) / 1e6, "ms"))
    for over in ("annt-prof", "bare again"):
        ratio, low, high = found.ratio(over)
        for name, expected in (
            ("", within(1.0, _SHARE)),
            (", interval", interval_holds(1.0, _SHARE)),
        ):
            task.report(
                Reading(
                    f"{over} / bare{name}", ratio, expected=task.judged(expected),
                    interval=(low, high), launches=shape.launches,
                )
            )  # fmt: skip


if __name__ == "__main__":
    main()

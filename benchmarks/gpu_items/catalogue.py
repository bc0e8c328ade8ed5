"""The items of the three parts, in the order of what is missed most where time runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.gpu_items import (
    bare_loop,
    calibrated,
    critical,
    every_technique,
    injected,
    inspected,
    known_work,
    launches,
    out_of_memory,
    own_tests,
    recorder,
    scenarios,
    smoke,
    traces,
    versions,
)

if TYPE_CHECKING:
    from benchmarks.gpu_items.sizing import Sizing
    from benchmarks.gpu_items.values import Item

PARTS = (1, 2, 3)
_BETWEEN_S = 2.0  # the items of a part


def items(part: int, sizing: Sizing, available_s: float) -> tuple[Item, ...]:
    """Return a part's items.

    Args:
        part: 1, 2 or 3.
        sizing: What part 1 found.
        available_s: Of the part, which budgets are cut to.
    """
    available_s -= _BETWEEN_S
    if part == 1:
        # Its estimates exceed it. The smoke matrix looks at larger models, and at more of each
        # step, than the tests, which run every technique and the worst pairs: it can wait longest.
        alone, neighbour = out_of_memory.ITEMS
        return (
            *versions.ITEMS,
            *launches.ITEMS,
            *own_tests.ITEMS,
            *injected.ITEMS,
            *bare_loop.ITEMS,
            alone,
            *recorder.ITEMS,
            *smoke.ALONE,
            neighbour,
            *smoke.PAIRED,
        )
    if part == 2:
        runs = scenarios.items(sizing, available_s - traces.ESTIMATE_S)
        first = len(scenarios.AGAIN)
        return (*runs[:first], *traces.ITEMS, *runs[first:])
    # Predictions are made from what calibration finds in the same part, on a device still cool.
    # The verdicts repeat on known work what the runs do on unknown: they can wait longest.
    few = (*calibrated.ITEMS, *critical.ITEMS, *inspected.ITEMS)
    left_s = available_s - sum(item.estimate_s for item in few)
    return (*few, *every_technique.items(sizing, left_s), *known_work.ITEMS)

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


def items(part: int, sizing: Sizing, available_s: float) -> tuple[Item, ...]:
    """Return a part's items.

    Args:
        part: 1, 2 or 3.
        sizing: What part 1 found.
        available_s: Of the part, which budgets are cut to.
    """
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
            *recorder.ITEMS,
            *calibrated.ITEMS,
            alone,
            *smoke.ALONE,
            neighbour,
            *smoke.PAIRED,
        )
    if part == 2:
        runs = scenarios.items(sizing, available_s - traces.ESTIMATE_S)
        first = len(scenarios.AGAIN)
        return (*runs[:first], *traces.ITEMS, *runs[first:])
    return (
        *critical.ITEMS,
        *inspected.ITEMS,
        *every_technique.items(sizing, available_s - every_technique.OTHERS_S),
        *known_work.ITEMS,
    )

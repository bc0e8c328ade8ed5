"""Records that older versions wrote, as this one reads them.

Version 1 kept of each window the median over its steps, which leaves out whatever comes every few
steps. The steps themselves are in the record too, so the whole time is told from them, and every
figure that followed from medians is dropped: whoever opens the record derives it again.
"""

from __future__ import annotations

from typing import Any

_FROM_MEDIANS = ("throughput", "step_time", "speedup", "profiler_inflation")


def brought_up_to_date(record: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the decoded JSON of a run as version 2 holds it.

    Args:
        record: As the file has it.
        version: The record's own.
    """
    if version >= 2:
        return record
    return {**record, "variants": [_variant(each) for each in record.get("variants", ())]}


def _variant(variant: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in variant.items() if name not in _FROM_MEDIANS}
    return {**kept, "windows": [_window(each) for each in variant.get("windows", ())]}


def _window(window: dict[str, Any]) -> dict[str, Any]:
    """Give a window its whole time: each step's time per iteration, over all iterations."""
    steps = window["step_ns"]
    whole_ns = round(sum(steps) * window["iterations"] / len(steps)) if steps else 0
    kept = {name: value for name, value in window.items() if name != "median_ns"}
    return {**kept, "wall_ns": whole_ns}

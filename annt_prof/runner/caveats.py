"""What is to be known of how windows were taken before their figures are read, for people."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.runner.unevenness import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from annt_prof.runner.spans import Span
    from annt_prof.runner.variant_state import VariantState

_SHORT_NS = 50_000_000
"""A bare loop of 0.8 ms steps took 15 % longer in the 20 ms after a pause, on a virtual machine;
after 100 ms it did not, within noise."""


def caveats(running: Sequence[VariantState], span: Span) -> Iterator[str]:
    """Yield a sentence for each.

    Args:
        running: The variants that are measured.
        span: Of their windows.
    """
    if span.unheld:
        turns = " and every ".join(map(str, span.unheld))
        yield (
            f"what comes round every {turns} iterations is too long for a window: windows have it "
            "unequally, so a launch counts with their mean"
        )
    yield from filter(None, map(_once, running))
    yield from _short(running)


def _short(running: Iterable[VariantState]) -> Iterator[str]:
    """Say where windows are too short for the pace of a long run, for people."""
    lasted = {
        state.variant.name: median(w.wall_ns for w in state.record.windows)
        for state in running
        if state.record.windows
    }
    shortest = min(lasted, key=lambda name: lasted[name], default=None)
    if shortest is not None and lasted[shortest] < _SHORT_NS:
        long = units.duration(lasted[shortest])
        yield (
            f"windows of {shortest} last {long} in the median: so soon after a pause caches and "
            "clock rates are not what they are in a long run, so throughputs may be too low; "
            "speedups have that on both sides (window.iterations and window.switch_in lengthen "
            "them)"
        )


def _once(state: VariantState) -> str | None:
    """Say that one step of every process is long, and whether figures have it, for people."""
    group = state.record.iterations_per_optimizer_step
    lone = once(state.record.windows, group)
    if lone is None:
        return None
    held = f"{lone.windows} of {units.count(lone.of, 'window')}"
    few = 2 * lone.windows < lone.of and not state.record.uneven
    figures = "the medians leave it out" if few else "the figures have it"
    return (
        f"{state.variant.name}: the step at iteration {lone.number * group} of every process "
        f"takes {units.duration(lone.longer_ns * group)} longer than most. It is in {held}, and "
        f"{figures}: whether it comes round is not to be told from a single one"
    )

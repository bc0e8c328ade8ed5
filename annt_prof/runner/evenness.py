"""Whether the windows of a run hold alike what comes round in its steps."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from annt_prof.runner.periods import find_period
from annt_prof.runner.unevenness import phase, seems_uneven, unequal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from annt_prof.runner.spans import Span
    from annt_prof.runner.variant_state import VariantState


def periods(states: Iterable[VariantState]) -> list[int]:
    """Return the periods that the steps so far turn out to have, in iterations."""
    found = (period_of(state) for state in states)
    return [period for period in found if period is not None]


def judge(states: Sequence[VariantState], periods: Sequence[int], span: Span) -> None:
    """Tell, for all variants at once, whether windows have long steps unequally.

    Args:
        states: The variants that are compared.
        periods: Of the steps; windows hold each a whole number of times, or have it unequally.
        span: Of the windows.
    """
    lengths = {window.iterations for state in states for window in state.record.windows}
    uneven = (
        bool(span.unheld)
        or any(length % period for length in lengths for period in periods)
        or any(
            unequal(state.record.windows, state.record.iterations_per_optimizer_step)
            for state in states
        )
    )
    for state in states:
        state.change(uneven=uneven)


def period_of(state: VariantState) -> int | None:
    """Return the period in a variant's steps, in iterations.

    The steps of all launches are taken together: each process does the same at the same iteration.
    They are told in medians of their windows: what makes a whole window slower is no step's own,
    and a few such windows would seem to come round with a multiple of what windows lie apart.
    """
    group, windows = state.record.iterations_per_optimizer_step, state.record.windows
    times = [ns / median(window.step_ns) for window in windows for ns in window.step_ns]
    numbers = [w.first_iteration // group + i for w in windows for i in range(len(w.step_ns))]
    period = find_period(times, numbers)
    return None if period is None else period * group


def later(states: Sequence[VariantState], span: Span, launch: int) -> int:
    """Return by how many iterations the windows of a launch begin later than the first's.

    They still lie within an epoch: one that ended before them would have its start in them.

    Args:
        states: Those that run.
        span: Of the windows.
        launch: Counted from 0.
    """
    records = [state.record for state in states]
    if span.at_epoch or not (span.unheld or any(seems_uneven(each.windows) for each in records)):
        return 0
    group = math.lcm(*(record.iterations_per_optimizer_step for record in records))
    stride = span.iterations + span.switch_in
    epochs = [record.epochs.iterations for record in records if record.epochs is not None]
    room = min(epochs, default=2 * stride) - stride
    return phase(launch, max(1, min(stride, room + 1)), group)

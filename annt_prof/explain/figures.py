"""The one figure of each window: its whole time per iteration, epochs' starts taken in.

Whatever comes every few steps (a burst of loaded batches, a long batch, an epoch's start) is part
of the wall time, so no step is left out inside a window. What disturbs a window once is dealt with
between windows: see ``pairing``.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.runs.record import TimedWindow, VariantRecord

COUNTS_FROM = 0.005
"""Share of an epoch from which its start is taken into the figures.

Below, it is less than any verdict tells from nothing, and less than its own measurement's noise.
"""

TRIMMED = 0.2  # of the figures, at each end
TRIMMED_FROM = 10  # figures: of fewer, trimming leaves too little


def middle_of(figures: Iterable[float]) -> float:
    """Return the mean of windows' figures, from ten on of the middle three fifths of them.

    Another program that takes a core for a while makes a few windows far too long. Nothing that
    the training itself does is lost by leaving them out: each window has all of it.

    Args:
        figures: One of each window, at least one.
    """
    ordered = sorted(figures)
    cut = int(TRIMMED * len(ordered)) if len(ordered) >= TRIMMED_FROM else 0
    return fmean(ordered[cut : len(ordered) - cut])


def per_iteration_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per iteration, by the round's number."""
    return {w.round: w.per_iteration_ns + start_ns(variant, w) for w in variant.windows}


def per_sample_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per sample, by the round's number."""
    found = per_iteration_ns(variant)
    return {number: ns / variant.samples_per_iteration for number, ns in found.items()}


def start_share(variant: VariantRecord) -> float | None:
    """Return an epoch's start as a share of the whole epoch; None where it was not measured."""
    epochs = variant.epochs
    if epochs is None or not epochs.starts or not variant.windows:
        return None
    start = max(0.0, fmean(start.cost_ns for start in epochs.starts))
    steady = fmean(w.per_iteration_ns for w in variant.windows) * epochs.iterations
    return start / (start + steady)


def start_ns(variant: VariantRecord, window: TimedWindow) -> float:
    """Return what an epoch's start adds to each iteration of a window.

    It is what the window's own process was seen to need, or the mean of what was measured. 0
    where windows hold whole epochs, and where it is less than ``COUNTS_FROM`` of an epoch.
    """
    share, epochs = start_share(variant), variant.epochs
    if epochs is None or share is None or share < COUNTS_FROM:
        return 0.0
    own = [start.cost_ns for start in epochs.starts if start.launch == window.launch]
    return fmean(own or (start.cost_ns for start in epochs.starts)) / epochs.iterations

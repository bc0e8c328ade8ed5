"""The one figure of each window: its whole time per iteration, epochs' starts taken in.

Whatever comes every few steps (a burst of loaded batches, a long batch, an epoch's start) is part
of the wall time, so no step is left out inside a window. What disturbs a window once is dealt with
between windows: see ``pairing``.
"""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.runs.record import TimedWindow, VariantRecord

COUNTS_FROM = 0.005
"""Share of an epoch from which its start is taken into the figures.

Below, it is less than any verdict tells from nothing, and less than its own measurement's noise.
"""

TRIMMED = 0.2  # of the launches' figures, at each end
TRIMMED_FROM = 10  # launches: of fewer, trimming leaves too little to tell a spread from


def of_launches(values: Mapping[int, float], launches: Mapping[int, int]) -> list[float]:
    """Return one figure for each launch, in their order: the median over its rounds.

    Another program that takes a core for a while makes a window or two far too long. Nothing that
    the training itself does is lost with them: each window has all of it, slow steps included.

    Args:
        values: By round.
        launches: By round, those that count.
    """
    by_launch: dict[int, list[float]] = {}
    for number, launch in launches.items():
        by_launch.setdefault(launch, []).append(values[number])
    return [median(each) for _, each in sorted(by_launch.items())]


def middle_ns(values: Mapping[int, float], launches: Mapping[int, int]) -> float:
    """Return the mean of the launches' figures, from ten on of their middle three fifths.

    Args:
        values: By round, at least one.
        launches: By round, those that count.
    """
    ordered = sorted(of_launches(values, launches))
    cut = int(TRIMMED * len(ordered)) if len(ordered) >= TRIMMED_FROM else 0
    return fmean(ordered[cut : len(ordered) - cut])


def launch_of_rounds(*variants: VariantRecord) -> dict[int, int]:
    """Return the launch of each round that all of these variants have, by the round's number."""
    found = [{w.round: w.launch for w in variant.windows} for variant in variants]
    common = set.intersection(*(set(each) for each in found))
    return {number: found[0][number] for number in sorted(common)}


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

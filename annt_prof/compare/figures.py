"""The one figure of each window: its whole time per iteration, epochs' starts taken in.

Whatever comes every few steps (a burst of loaded batches, a long batch, an epoch's start) is part
of the wall time, so no step is left out inside a window. What disturbs a window once is dealt with
between windows: see ``pairing``.
"""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annt_prof.runs.record import VariantRecord

TRIMMED = 0.2  # of the launches' figures, at each end
TRIMMED_FROM = 10  # launches: of fewer, trimming leaves too little to tell a spread from


def of_launches(
    values: Mapping[int, float], launches: Mapping[int, int], *, uneven: bool = False
) -> list[float]:
    """Return one figure for each launch, in their order: the median over its rounds.

    Another program that takes a core for a while makes a window or two far too long. Where each
    window has all that comes round in the training, nothing of it is lost with these. Where that
    is not so (``uneven``), it is the mean, which has all of it and the disturbances too.

    Args:
        values: By round.
        launches: By round, those that count.
        uneven: Of the run's variants.
    """
    by_launch: dict[int, list[float]] = {}
    for number, launch in launches.items():
        by_launch.setdefault(launch, []).append(values[number])
    figure = fmean if uneven else median
    return [figure(round_values) for _, round_values in sorted(by_launch.items())]


def middle_ns(
    values: Mapping[int, float], launches: Mapping[int, int], *, uneven: bool = False
) -> float:
    """Return the mean of the launches' figures, from ten on of their middle three fifths.

    Args:
        values: By round, at least one.
        launches: By round, those that count.
        uneven: Of the run's variants; then nothing is trimmed.
    """
    return middle_of(of_launches(values, launches, uneven=uneven), trims=not uneven)


def middle_of(figures: Sequence[float], *, trims: bool) -> float:
    """Return the mean of launches' figures, from ten on of their middle three fifths if it trims.

    Args:
        figures: One of each launch, at least one.
        trims: Whether figures far off may be left out.
    """
    ordered = sorted(figures)
    cut = int(TRIMMED * len(ordered)) if trims and len(ordered) >= TRIMMED_FROM else 0
    return fmean(ordered[cut : len(ordered) - cut])


def log_ratios_of_launches(
    base: Mapping[int, float],
    other: Mapping[int, float],
    launches: Mapping[int, int],
    *,
    uneven: bool = False,
) -> list[float]:
    """Return log(base / other) for each launch.

    Windows are compared with those of their own round; where long steps are in some more than in
    others, a launch's whole time with the other's.

    Args:
        base: Time per sample, by round.
        other: The same.
        launches: By round, those that count.
        uneven: Of the run's variants.
    """
    if not uneven:
        return of_launches({n: math.log(base[n] / other[n]) for n in launches}, launches)
    pairs = zip(
        of_launches(base, launches, uneven=True),
        of_launches(other, launches, uneven=True),
        strict=True,
    )
    return [math.log(a / b) for a, b in pairs]


def launch_of_rounds(*variants: VariantRecord) -> dict[int, int]:
    """Return the launch of each round that all of these variants have, by the round's number."""
    by_variant = [{w.round: w.launch for w in variant.windows} for variant in variants]
    common = set.intersection(*(set(launches) for launches in by_variant))
    return {number: by_variant[0][number] for number in sorted(common)}


def per_iteration_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per iteration, by the round's number."""
    start_ns = epoch_start_ns(variant)
    return {w.round: w.per_iteration_ns + start_ns for w in variant.windows}


def per_sample_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per sample, by the round's number."""
    by_round = per_iteration_ns(variant)
    return {number: ns / variant.samples_per_iteration for number, ns in by_round.items()}


def waited_share(variant: VariantRecord) -> float | None:
    """Return the share of the timed step for which the host waits for its batch.

    None where it was not recorded, as in records of version 1.
    """
    waited, timed = waited_ns(variant), variant.step_time
    return None if waited is None or timed is None else waited / timed.within_epoch_ns


def waited_ns(variant: VariantRecord) -> int | None:
    """Return for how long of a timed iteration the host waits for its batch.

    None where it was not recorded. Of the middle of an epoch, where windows lie there.
    """
    timed = variant.step_time
    if timed is None or not any(window.waited_ns for window in variant.windows):
        return None
    waits = list(waited_by_launch(variant).values())
    return min(round(middle_of(waits, trims=not variant.uneven)), timed.within_epoch_ns)


def waited_by_launch(variant: VariantRecord) -> dict[int, float]:
    """Return for how long of a timed iteration the host waits for its batch, by launch.

    Nanoseconds, by the measure that the step has: a loader that stalls once would else be in the
    wait and not in the step, and would seem to be taken from what else the step does.
    """
    launches = launch_of_rounds(variant)
    waits = {w.round: w.waited_ns / w.iterations for w in variant.windows}
    figures = of_launches(waits, launches, uneven=variant.uneven)
    return dict(zip(sorted(set(launches.values())), figures, strict=True))


def of_one_measure(first: VariantRecord, second: VariantRecord) -> bool:
    """Whether epochs' starts are part of the figures of both or of neither.

    Only of a variant that was skipped can that be said: the others are all asked, or none is.
    """
    if not (first.skipped or second.skipped):
        return True
    return takes_starts_in(first) == takes_starts_in(second)


def takes_starts_in(variant: VariantRecord) -> bool:
    """Whether epochs' starts are part of a variant's figures."""
    epochs = variant.epochs
    return epochs is not None and (epochs.in_windows or epochs.counted)


def epoch_start_ns(variant: VariantRecord) -> float:
    """Return what an epoch's start adds to each of its iterations; 0 where it is not to count."""
    epochs = variant.epochs
    return epochs.start_ns / epochs.iterations if epochs and epochs.counted else 0.0

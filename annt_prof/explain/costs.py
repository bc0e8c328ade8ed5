"""Time per sample of each set of techniques: by launch, as one figure, and by category.

All of it is told as ratios to the baseline of the same round, like every speedup, and brought to
nanoseconds by the baseline's own time. So an amount and the speedup beside it are one statement,
and a machine that drifts between launches moves neither.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from scipy.special import stdtrit

from annt_prof.categories import Category
from annt_prof.compare.figures import (
    launch_of_rounds,
    log_ratios_of_launches,
    of_one_measure,
    per_sample_ns,
)
from annt_prof.compare.pairing import (
    CONFIDENCE,
    degrees_of_freedom,
    middle,
)
from annt_prof.explain import shapley
from annt_prof.explain.explanation import Amount
from annt_prof.explain.profiler_overhead import deflated
from annt_prof.plan import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from annt_prof.explain.shapley import Names
    from annt_prof.runs.record import Run, Speedup, VariantRecord

    Floats = NDArray[np.float64]

POWER = 0.8


class Costs(NamedTuple):
    """Time per sample of sets of techniques, over the rounds that all of them have.

    Attributes:
        by_launch: By set, ns; shape (launches,).
        level: By set, ns; shape (), the figure that a speedup gives.
    """

    by_launch: dict[Names, Floats]
    level: dict[Names, Floats]


def measured_sets(run: Run) -> dict[Names, VariantRecord]:
    """Return the measured variants by their set of techniques in effect, each set once.

    One whose step is of another measure than the baseline's is left out, since a difference of the
    two would be of the epoch's start that one of them lacks, and of no technique.
    """
    measured: dict[Names, VariantRecord] = {}
    for variant in run.variants:
        if variant.status == "measured" and variant.windows and variant.name != AGAIN:
            measured.setdefault(frozenset(variant.factors), variant)
    baseline = measured.get(frozenset())
    if baseline is None:
        return measured
    return {names: v for names, v in measured.items() if of_one_measure(baseline, v)}


def orders_of(run: Run, acting: Sequence[str], known: Iterable[Names]) -> list[tuple[str, ...]]:
    """Return the orders over which a total can be shared out; empty where sets are missing."""
    known_sets = set(known)
    if run.orders and shapley.is_complete(known_sets, run.orders):
        return list(run.orders)
    # Every order passes through every set, so there are no more orders to walk than sets allow.
    if 2 ** len(acting) <= len(known_sets):
        return list(shapley.every_order(acting))
    return []


def in_common_rounds(variants: Mapping[Names, VariantRecord]) -> dict[Names, VariantRecord]:
    """Return them with only the rounds that all of them have; none where there is no such round.

    A run that was stopped in the middle of a round has that round of some variants alone. What is
    told of several sets together adds up only over the same rounds.
    """
    rounds = launch_of_rounds(*variants.values()) if variants else {}
    if not rounds:
        return {}
    return {
        names: msgspec.structs.replace(
            variant, windows=tuple(w for w in variant.windows if w.round in rounds)
        )
        for names, variant in variants.items()
    }


def costs_of(
    variants: Mapping[Names, VariantRecord], baseline: VariantRecord, baseline_ns: int
) -> Costs | None:
    """Return what each set costs, or None where they have no round in common.

    Args:
        variants: By set.
        baseline: What each is compared with in its round.
        baseline_ns: Its time per sample.
    """
    launches = launch_of_rounds(baseline, *variants.values())
    if not launches:
        return None
    base = per_sample_ns(baseline)
    by_launch, level = {}, {}
    for names, variant in variants.items():
        own = per_sample_ns(variant)
        logs = log_ratios_of_launches(own, base, launches, uneven=baseline.uneven)
        by_launch[names] = baseline_ns * np.exp(np.array(logs))
        level[names] = np.array(baseline_ns * math.exp(middle(logs, trims=not baseline.uneven)[0]))
    return Costs(by_launch, level)


def saving(speedup: Speedup, before_ns: float) -> Amount:
    """Return what a speedup saves of a time per sample, with the same interval."""
    ends = (speedup.low, speedup.high)
    low, high = (None if end is None else round(before_ns * (1 - 1 / end)) for end in ends)
    return Amount(round(before_ns * (1 - 1 / speedup.ratio)), low, high)


def around(centre: float, by_launch: Floats, *, trims: bool) -> Amount:
    """Return an amount with the 95 % interval that its launches give; see ``pairing.middle``."""
    half = middle(by_launch.tolist(), trims=trims)[1]
    if half is None:
        return Amount(round(centre), None, None)
    return Amount(round(centre), round(centre - half), round(centre + half))


def by_category(
    variants: Mapping[Names, VariantRecord], timed_ns: Mapping[Names, float], device_type: str
) -> dict[str, dict[Names, Floats]]:
    """Return ns per sample by category; only categories that all of these traces show.

    Empty where a variant was not traced. What the profiler added is taken out; what a trace lacks
    is in no category.

    Args:
        variants: By set.
        timed_ns: By set, per sample: what each trace is compared with.
        device_type: What the run used.
    """
    steps = {
        names: deflated(variant, device_type, timed_ns[names] * variant.samples_per_iteration)
        for names, variant in variants.items()
    }
    known = {names: step for names, step in steps.items() if step is not None}
    if len(known) < len(variants) or not known:
        return {}
    shown = set.intersection(*(set(step.by_category_ns) for step in known.values()))
    return {
        category.value: {
            names: np.array(step.by_category_ns[category] / variants[names].samples_per_iteration)
            for names, step in known.items()
        }
        for category in Category
        if category in shown
    }


def traced(variants: Mapping[Names, VariantRecord]) -> dict[Names, Floats]:
    """Return ns per sample of each traced step as it is; only of sets that were traced."""
    return {
        names: np.array(variant.breakdown.step_ns / variant.samples_per_iteration)
        for names, variant in variants.items()
        if variant.breakdown is not None
    }


def smallest_effect(log_ratios: Sequence[float], *, trims: bool) -> float | None:
    """Return the share of time that so many launches find saved four times out of five.

    Args:
        log_ratios: Of each launch.
        trims: Whether their interval is of the middle ones; see ``pairing.middle``.

    Source: G. Snedecor and W. Cochran, Statistical Methods, section on sample size: the effect
    whose t statistic passes the level's quantile with the given power.
    """
    half = middle(log_ratios, trims=trims)[1] if log_ratios else None
    if half is None:
        return None
    degrees = degrees_of_freedom(len(log_ratios), trims=trims)
    level = float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
    return -math.expm1(-half * (1 + float(stdtrit(degrees, POWER)) / level))

"""Time per sample of each set of techniques, launch by launch and category by category."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from annt_prof.categories import Category
from annt_prof.explain.deflation import deflated
from annt_prof.explain.explanation import Amount
from annt_prof.explain.lattice import every_order, is_complete
from annt_prof.explain.pairing import (
    CONFIDENCE,
    degrees_of_freedom,
    half_width,
    launch_of_rounds,
    means,
    middle,
    per_sample_ns,
)
from annt_prof.plan import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from annt_prof.explain.lattice import Names
    from annt_prof.runs.record import Run, VariantRecord

    Floats = NDArray[np.float64]

POWER = 0.8


def measured_sets(run: Run) -> dict[Names, VariantRecord]:
    """Return the measured variants by their set of techniques in effect, each set once."""
    found: dict[Names, VariantRecord] = {}
    for variant in run.variants:
        if variant.status == "measured" and variant.windows and variant.name != AGAIN:
            found.setdefault(frozenset(variant.techniques), variant)
    return found


def orders_of(run: Run, acting: Sequence[str], known: Iterable[Names]) -> list[tuple[str, ...]]:
    """Return the orders over which a total can be shared out; empty where sets are missing."""
    found = set(known)
    if run.orders and is_complete(found, run.orders):
        return list(run.orders)
    # Every order passes through every set, so there are no more orders to walk than sets allow.
    if 2 ** len(acting) <= len(found):
        return list(every_order(acting))
    return []


def by_launch(variants: Mapping[Names, VariantRecord]) -> dict[Names, Floats]:
    """Return ns per sample in each launch, over the rounds that all of these variants have."""
    launches = launch_of_rounds(*variants.values())
    return {
        names: np.array(means(per_sample_ns(variant), launches))
        for names, variant in variants.items()
    }


def by_category(
    variants: Mapping[Names, VariantRecord], device_type: str
) -> dict[str, dict[Names, Floats]]:
    """Return ns per sample by category; only categories that all of these traces show.

    Empty where a variant was not traced. What the profiler added is taken out.
    """
    found = {names: deflated(variant, device_type) for names, variant in variants.items()}
    known = {names: each for names, each in found.items() if each is not None}
    if len(known) < len(variants) or not known:
        return {}
    shown = set.intersection(*(set(each) for each in known.values()))
    return {
        category.value: {
            names: np.array(each[category] / variants[names].samples_per_iteration)
            for names, each in known.items()
        }
        for category in Category
        if category in shown
    }


def amount(savings: Floats) -> Amount:
    """Return the mean saving over launches with its 95 % t-interval, ns."""
    centre, half = fmean(savings.tolist()), half_width(savings.tolist())
    if half is None:
        return Amount(round(centre), None, None)
    return Amount(round(centre), round(centre - half), round(centre + half))


def smallest_effect(log_ratios: Sequence[float]) -> float | None:
    """Return the relative effect that so many launches find four times out of five.

    Source: G. Snedecor and W. Cochran, Statistical Methods, section on sample size: the effect
    whose t statistic passes the level's quantile with the given power.
    """
    half = middle(log_ratios)[1] if log_ratios else None
    if half is None:
        return None
    degrees = degrees_of_freedom(len(log_ratios))
    level = float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
    return math.expm1(half * (1 + float(stdtrit(degrees, POWER)) / level))

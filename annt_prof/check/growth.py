"""Where the time went: which parts of the step grew, and which mistakes are new."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from annt_prof.check.result import Grown, GrownKind, Part, Where
from annt_prof.plan import LEAST_LAUNCHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from annt_prof.runs.record import VariantRecord

_SHOWN = 5  # of each kind
_LEAST_SHARE = 0.05
"""Of the category that grew most, below which nothing is listed: it would be noise or a detail."""

Pairs = tuple[tuple[int, int], ...]

NOT_TRACED = "it was not traced"


@dataclass(frozen=True)
class Steps:
    """The steps of one side, launch by launch.

    Attributes:
        launches: Those that were traced.
        categories: Nanoseconds per step by category, of each of them.
        work: The same by kernel or operator.
        on_device: Whether ``work`` is of kernels.
        pitfalls: Keys of the mistakes that were found.
        samples: Per iteration.
        step_ns: Of the timed windows; None where that is not known.
    """

    launches: Sequence[int]
    categories: Sequence[Mapping[str, int]]
    work: Sequence[Mapping[str, int]]
    on_device: bool
    pitfalls: frozenset[str]
    samples: int
    step_ns: int | None


def steps_of(variant: VariantRecord) -> Steps:
    """Return the steps of a variant of a run, of each launch that was traced."""
    launches = variant.traced_launches
    return Steps(
        launches=[launch.launch for launch in launches],
        categories=[
            {category.value: ns for category, ns in launch.breakdown.by_category_ns.items()}
            for launch in launches
        ],
        work=[{work.name: work.ns for work in launch.work} for launch in launches],
        on_device=any(launch.breakdown.kernel_ns for launch in launches),
        pitfalls=frozenset(r.key for r in variant.remarks if r.key is not None),
        samples=variant.samples_per_iteration,
        step_ns=None if variant.step_time is None else variant.step_time.mean_ns,
    )


def parts_of(variant: VariantRecord) -> tuple[Part, ...]:
    """Return where a variant's own traced step goes, most first; nothing where none was traced."""
    times = {} if variant.breakdown is None else variant.breakdown.by_category_ns
    parts = [Part(category.value, ns) for category, ns in times.items() if ns]
    return tuple(sorted(parts, key=lambda part: -part.ns))


def where(before: Steps, variant: VariantRecord, *, paired: bool) -> Where:
    """Return what grew from one side to the other, each kind with most first.

    Medians over launches, since a trace that another program disturbed would make of a mean
    whatever was disturbed.

    Args:
        before: The reference.
        variant: What was checked.
        paired: Whether the launches of both are of one run, each beside the other's.
    """
    after = steps_of(variant)
    new = tuple(r.sentence for r in variant.remarks if r.key and r.key not in before.pitfalls)
    scale = after.samples / before.samples if before.samples else 1.0
    step_before_ns = None if before.step_ns is None else round(before.step_ns * scale)
    if not before.categories or not after.categories:
        return Where((), new, NOT_TRACED, step_before_ns, after.step_ns)
    work = GrownKind.KERNEL if after.on_device else GrownKind.OPERATOR
    pairs = _pairs(before, after) if paired else ()
    categories = list(_each(GrownKind.CATEGORY, before.categories, after.categories, scale, pairs))
    works = list(_each(work, before.work, after.work, scale, pairs))
    least_ns = _LEAST_SHARE * max((grown.by_ns for grown in categories), default=0)
    most_first = (*_most_first(categories, least_ns), *_most_first(works, least_ns))
    return Where(most_first, new, None, step_before_ns, after.step_ns)


def _most_first(every: list[Grown], least_ns: float) -> tuple[Grown, ...]:
    ordered = sorted(every, key=lambda grown: -grown.by_ns)
    return tuple(g for g in ordered[:_SHOWN] if g.by_ns > 0 and g.by_ns >= least_ns)


def _each(
    kind: GrownKind,
    before: Sequence[Mapping[str, int]],
    after: Sequence[Mapping[str, int]],
    scale: float,
    pairs: Pairs,
) -> Iterator[Grown]:
    for name in sorted({name for launch in (*before, *after) for name in launch}):
        first = [scale * launch.get(name, 0) for launch in before]
        second = [float(launch.get(name, 0)) for launch in after]
        differences = [second[b] - first[a] for a, b in pairs]
        before_ns = round(median(first))
        # What drifts from one launch to the next is in both sides of a pair, and cancels there.
        by_ns = round(median(differences)) if differences else round(median(second)) - before_ns
        yield Grown(kind, name, before_ns, before_ns + by_ns, _interval(differences))


def _pairs(before: Steps, after: Steps) -> Pairs:
    """Return the places of the launches that both sides have, in either."""
    places = {launch: place for place, launch in enumerate(before.launches)}
    return tuple(
        (places[launch], place) for place, launch in enumerate(after.launches) if launch in places
    )


def _interval(differences: Sequence[float]) -> tuple[int, int] | None:
    n = len(differences)
    if n < LEAST_LAUNCHES:
        return None
    from scipy.special import stdtrit  # slow to import, and needed at a failure alone

    half = float(stdtrit(n - 1, 0.975)) * stdev(differences) / math.sqrt(n)
    centre = fmean(differences)
    return round(centre - half), round(centre + half)

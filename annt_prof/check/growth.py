"""Where the time went: which parts of the step grew, and which mistakes are new."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import TYPE_CHECKING

from annt_prof.categories import Category
from annt_prof.check.bounds import mean_of
from annt_prof.check.result import Grown, GrownKind, Part, Where
from annt_prof.check.timed_parts import Timed, by_name, of_timed
from annt_prof.compare.figures import waited_by_launch, waited_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from annt_prof.runs.record import VariantRecord

_SHOWN = 5  # of each kind
_LEAST_SHARE = 0.05
"""Of the category that grew most, below which nothing is listed: it would be noise or a detail."""

Pairs = tuple[tuple[int, int], ...]

NOT_TRACED = "it was not traced"
NO_REFERENCE = "a limit that stands alone has nothing to tell growth from"
_OUTSIDE = 0.05  # chance that the truth lies outside of an interval, at the most


@dataclass(frozen=True)
class Steps:
    """The steps of one side, launch by launch.

    Attributes:
        launches: Those that were traced.
        categories: Nanoseconds per traced step by category, of each of them.
        work: The same by kernel or operator.
        on_device: Whether ``work`` is of kernels.
        pitfalls: Keys of the mistakes that were found.
        samples: Per iteration.
        timed: What the timed windows came to; None where that is not known.
        waits_ns: For its batch per timed iteration, by the launch; empty where that is not known.
    """

    launches: Sequence[int]
    categories: Sequence[Mapping[str, int]]
    work: Sequence[Mapping[str, int]]
    on_device: bool
    pitfalls: frozenset[str]
    samples: int
    timed: Timed | None
    waits_ns: Mapping[int, float] = field(default_factory=dict)

    def told_of_timed(self) -> Steps:
        """Return the same with parts of the timed step; as it is where that is not known."""
        if self.timed is None:
            return self
        told = [
            of_timed(categories, work, self.timed)
            for categories, work in zip(self.categories, self.work, strict=True)
        ]
        return replace(
            self, categories=[each.categories for each in told], work=[each.work for each in told]
        )


def steps_of(variant: VariantRecord) -> Steps:
    """Return the steps of a variant of a run, of each launch that was traced."""
    launches = variant.traced_launches
    return Steps(
        launches=[launch.launch for launch in launches],
        categories=[by_name(launch.breakdown) for launch in launches],
        work=[{work.name: work.ns for work in launch.work} for launch in launches],
        on_device=any(launch.breakdown.kernel_ns for launch in launches),
        pitfalls=frozenset(r.key for r in variant.remarks if r.key is not None),
        samples=variant.samples_per_iteration,
        timed=_timed(variant),
        waits_ns=waited_by_launch(variant) if waited_ns(variant) is not None else {},
    )


def _timed(variant: VariantRecord) -> Timed | None:
    if variant.step_time is None:
        return None
    return Timed(variant.step_time.within_epoch_ns, waited_ns(variant))


def own_parts(variant: VariantRecord) -> Where:
    """Return where a variant's own step goes, of a limit that is compared with nothing."""
    if variant.breakdown is None:
        return Where(why_not=NOT_TRACED)
    categories, timed = by_name(variant.breakdown), _timed(variant)
    is_timed = timed is not None and not variant.breakdown.kernel_ns
    if timed is not None and is_timed:
        categories = of_timed(categories, {}, timed).categories
    parts = sorted((Part(name, ns) for name, ns in categories.items() if ns), key=lambda p: -p.ns)
    return Where(why_not=NO_REFERENCE, parts=tuple(parts), of_timed=is_timed)


def where(before: Steps, variant: VariantRecord, *, paired: bool) -> Where:
    """Return what grew from one side to the other, each kind with most first.

    Medians over launches, since a trace that another program disturbed would make of a mean
    whatever was disturbed. Without a device they are of the timed steps, if both sides have these.

    Args:
        before: The reference.
        variant: What was checked.
        paired: Whether the launches of both are of one run, each beside the other's.
    """
    after = steps_of(variant)
    new = tuple(r.sentence for r in variant.remarks if r.key and r.key not in before.pitfalls)
    scale = after.samples / before.samples if before.samples else 1.0
    step_before_ns = None if before.timed is None else round(before.timed.step_ns * scale)
    step_after_ns = None if after.timed is None else round(after.timed.step_ns)
    if not before.categories or not after.categories:
        return Where((), new, NOT_TRACED, step_before_ns, step_after_ns)
    both_timed = before.timed is not None and after.timed is not None
    is_timed = both_timed and not (before.on_device or after.on_device)
    if is_timed:
        before, after = (each.told_of_timed() for each in _with_waits_alike(before, after))
    work = GrownKind.KERNEL if after.on_device else GrownKind.OPERATOR
    pairs = _pairs(before, after) if paired else ()
    categories = list(_each(GrownKind.CATEGORY, before.categories, after.categories, scale, pairs))
    if is_timed and paired:
        wait = _wait_of(before, after, scale, trims=not variant.uneven)
        categories = [wait if wait and each.name == wait.name else each for each in categories]
    # What a side does not have, as a baseline of a run without a check, has not grown from nothing.
    known = any(before.work) and any(after.work)
    works = list(_each(work, before.work, after.work, scale, pairs)) if known else []
    least_ns = _LEAST_SHARE * max((grown.by_ns for grown in categories), default=0)
    most_first = (*_most_first(categories, least_ns), *_most_first(works, least_ns))
    return Where(
        grown=most_first,
        new_pitfalls=new,
        step_before_ns=step_before_ns,
        step_after_ns=step_after_ns,
        grew_ns=sum(grown.by_ns for grown in categories if grown.by_ns > 0),
        shrank_ns=-sum(grown.by_ns for grown in categories if grown.by_ns < 0),
        of_timed=is_timed,
    )


def _with_waits_alike(before: Steps, after: Steps) -> tuple[Steps, Steps]:
    """Leave waits to the traces on both sides, where one side has no timed one.

    Traces show shorter ones, and a side's timed wait less the other's traced one is no growth.
    """
    if before.timed is None or after.timed is None:
        return before, after
    if None not in (before.timed.waited_ns, after.timed.waited_ns):
        return before, after
    return (
        replace(before, timed=before.timed._replace(waited_ns=None), waits_ns={}),
        replace(after, timed=after.timed._replace(waited_ns=None), waits_ns={}),
    )


def _wait_of(before: Steps, after: Steps, scale: float, *, trims: bool) -> Grown | None:
    """Return by how much longer timed launches wait for their batches than those beside them.

    By the mean and Student's t as budgets are told: there are five such launches at least, and no
    trace is in them. None where too few launches have waits on both sides.
    """
    common = sorted(before.waits_ns.keys() & after.waits_ns.keys())
    first = [scale * before.waits_ns[launch] for launch in common]
    second = [after.waits_ns[launch] for launch in common]
    longer = mean_of([b - a for a, b in zip(first, second, strict=True)], trims=trims)
    if longer is None:
        return None
    before_ns = round(fmean(first))
    after_ns = before_ns + round(longer.centre)
    interval = round(longer.low(_OUTSIDE / 2)), round(longer.high(_OUTSIDE / 2))
    return Grown(GrownKind.CATEGORY, Category.DATA_LOADING.value, before_ns, after_ns, interval)


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
    """Return the interval of a median between two of the ordered differences.

    Of n differences the truth lies below the k lowest, or above the k highest, no more often than a
    coin falls on one side fewer than k times in n.

    Source: M. Hollander, D. Wolfe and E. Chicken, Nonparametric Statistical Methods, 2014, section
    3.6; scipy.stats.quantile_test gives the same.
    """
    from scipy.special import bdtr  # slow to import, and needed at a failure alone

    n = len(differences)
    cut = sum(2 * bdtr(k, n, 0.5) <= _OUTSIDE for k in range(n // 2))
    if not cut:
        return None
    ordered = sorted(differences)
    return round(ordered[cut - 1]), round(ordered[n - cut])

"""Where two traced steps differ: by category, by class of kernels, and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof import units
from annt_prof.views.change_sheet import Labels, build_change_sheet
from annt_prof.views.changes import changes, per_sample
from annt_prof.views.kernel_names import shorten
from annt_prof.views.named_times import Unnamed
from annt_prof.views.page import Bar, Bars, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.runs.record import VariantRecord
    from annt_prof.views.named_times import NamedTimes
    from annt_prof.views.page import Block, Sheet
    from annt_prof.views.pair import Pair

_LONGEST_NAME = 60
_UNTRACED = "one of the two was not traced, or its trace holds no breakdown"


class _Traced(NamedTuple):
    variant: VariantRecord
    breakdown: MeanBreakdown


def build_times(
    pair: Pair, named: tuple[NamedTimes | Unnamed, NamedTimes | Unnamed] | None, *, by_sample: bool
) -> Iterator[Block]:
    """Yield the bars and the tables.

    Args:
        pair: Of variants.
        named: What the traces of both show by name; None where that is not known.
        by_sample: Whether times are of a sample and not of an iteration, as batches differ.
    """
    work = "per sample" if by_sample else "per iteration"
    sides = [_traced(side.variant) for side in (pair.first, pair.second)]
    first, second = sides
    if first is None or second is None:
        labels = Labels("categories", f"By category, {work}", "category", "Of the traced step.")
        yield build_change_sheet(labels, (), empty=_UNTRACED)
        return
    divided = [_of_work(by_category(side), side.variant, by_sample) for side in (first, second)]
    titles = (f"first: {first.variant.name}", f"second: {second.variant.name}")
    yield _bars(titles, divided, work)
    yield _categories(first, second, divided, work)
    yield _classes(first, second, work, by_sample=by_sample)
    if named is not None:
        yield _names(pair, named, work, by_sample=by_sample)


def by_category(side: _Traced) -> dict[str, int]:
    """Return the mean traced step by category, ns per iteration."""
    return {c.value: ns for c, ns in side.breakdown.by_category_ns.items()}


def _traced(variant: VariantRecord) -> _Traced | None:
    return None if variant.breakdown is None else _Traced(variant, variant.breakdown)


def _of_work(
    by_name_ns: Mapping[str, int], variant: VariantRecord, by_sample: bool
) -> dict[str, int]:
    if not by_sample:
        return dict(by_name_ns)
    return per_sample(by_name_ns, variant.samples_per_iteration)


def _bars(titles: tuple[str, str], divided: list[dict[str, int]], work: str) -> Bars:
    totals = [sum(by_name_ns.values()) for by_name_ns in divided]
    places = units.duration_decimals(totals)
    bars = (
        Bar(
            name=title,
            parts=tuple(
                Part(name, ns, f"{units.milliseconds(ns, places)} ms")
                for name, ns in by_name_ns.items()
                if ns > 0
            ),
            text=f"{units.milliseconds(total, places)} ms",
        )
        for title, by_name_ns, total in zip(titles, divided, totals, strict=True)
    )
    return Bars("steps", f"Where the traced steps go, {work}", tuple(bars), max(*totals, 1))


def _categories(first: _Traced, second: _Traced, divided: list[dict[str, int]], work: str) -> Sheet:
    compared = [
        change
        for change in changes(*divided)
        if change.before_ns or change.after_ns  # what took time in neither says nothing
    ]
    labels = Labels(
        "categories", f"By category of the traced step, {work}", "category",
        "Each nanosecond of the step is in exactly one.",
    )  # fmt: skip
    return build_change_sheet(labels, compared, notes=tuple(_not_measured(first, second)))


def _not_measured(first: _Traced, second: _Traced) -> Iterator[str]:
    for name, here, there in (("first", first, second), ("second", second, first)):
        for category, reason in here.breakdown.not_measured.items():
            if there.breakdown.by_category_ns.get(category):
                yield (
                    f"{category.value} is not measured in the {name}: {reason}; what it took there "
                    "is in other categories"
                )


def _classes(first: _Traced, second: _Traced, work: str, *, by_sample: bool) -> Sheet:
    on_device = bool(first.breakdown.kernel_ns)
    of = "kernels" if on_device else "operators"
    labels = Labels(
        "classes", f"By class of {of}, {work}", "class", f"What the {of} do."
    )  # fmt: skip
    if on_device != bool(second.breakdown.kernel_ns):
        why = "kernels of a device and operators of a host are not the same thing"
        return build_change_sheet(labels, (), empty=why)
    divided = [
        _of_work(
            side.breakdown.kernel_ns if on_device else side.breakdown.operator_ns,
            side.variant,
            by_sample,
        )
        for side in (first, second)
    ]
    compared = [change for change in changes(*divided) if change.before_ns or change.after_ns]
    note = (
        "device time: kernels that overlap all count, so this is not the step"
        if on_device
        else "host time of forward and backward"
    )
    return build_change_sheet(labels, compared, notes=(note,), empty="the records do not tell it")


def _names(
    pair: Pair,
    named: tuple[NamedTimes | Unnamed, NamedTimes | Unnamed],
    work: str,
    *,
    by_sample: bool,
) -> Sheet:
    first, second = named
    labels = Labels("names", f"By name, {work}", "name", "As in the traces, shortened.")
    if isinstance(first, Unnamed) or isinstance(second, Unnamed):
        sides = (("first", first), ("second", second))
        told = (f"{which}: {side.why}" for which, side in sides if isinstance(side, Unnamed))
        return build_change_sheet(labels, (), empty="; ".join(told))
    if first.kernels != second.kernels:
        why = "the two traces do not both show kernels, or both operators, by name"
        return build_change_sheet(labels, (), empty=why)
    of = "kernel" if first.kernels else "operator"
    labels = Labels("names", f"By {of}, {work}", of, "As in the traces, shortened.")
    divided = [
        _of_work(times.by_name_ns, side.variant, by_sample)
        for times, side in ((first, pair.first), (second, pair.second))
    ]
    compared = changes(*divided)
    names = [change.name for change in compared]
    short = shorten(names, _LONGEST_NAME) if first.kernels else {}
    note = f"new and gone are names: what one {of} did another one may do now"
    return build_change_sheet(labels, compared, names=short, notes=(note,))

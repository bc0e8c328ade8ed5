"""Where the time went: the categories and kernels that grew, most first, as they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import Category
from annt_prof.check.result import GrownKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.check.result import Grown, Where

SHOWN_KERNELS = 8
"""More hardly tell more."""

_SHOWN_PARTS = 5


@dataclass(frozen=True)
class GrownRow:
    """One part of the step that grew; times are milliseconds per step, without the unit.

    Attributes:
        kind: A category, a kernel or an operator.
        name: As the trace has it.
        before: Of the other side.
        after: Of the checked side.
        by: The difference, with its sign.
        interval: Of the difference, 95 % at the least; ``-`` where there is none.
        share: Of what all categories that grew grew by; ``-`` where none did. Kernels run beside
            one another, so theirs may come to more than the whole.
    """

    kind: GrownKind
    name: str
    before: str
    after: str
    by: str
    interval: str
    share: str


@dataclass(frozen=True)
class Growth:
    """Where the time went.

    Attributes:
        title: Of all of it.
        step: The timed step on both sides; None where one is not known.
        most: What grew most, in a phrase: a category and a kernel; None where nothing is known.
        rows: Categories, then kernels or operators, each with most first.
        note: What the figures are of, and what is left out.
        new_pitfalls: Sentences on mistakes that the other side does not make.
        why_not: Why nothing is known; None where it is.
        parts: Where the step goes, in a phrase, of what has nothing to have grown from; None of
            the rest.
    """

    title: str
    step: str | None
    most: str | None
    rows: tuple[GrownRow, ...]
    note: str
    new_pitfalls: tuple[str, ...]
    why_not: str | None
    parts: str | None


def growth_of(where: Where) -> Growth:
    """Lay out what grew, with one number of decimals for all of it."""
    categories = _most_first(where.grown, GrownKind.CATEGORY)
    others = _most_first(where.grown, GrownKind.KERNEL, GrownKind.OPERATOR)
    whole_ns = where.grew_ns or sum(grown.by_ns for grown in categories)
    shown = (*categories, *others[:SHOWN_KERNELS])
    places = _decimals(shown)
    why_not = where.why_not
    if not shown and why_not is None:
        why_not = "no category and no kernel grew in the traces"
    return Growth(
        title="Where the step goes" if where.parts else "Where the time went",
        step=_step(where),
        most=_most(categories, others, whole_ns, places),
        rows=tuple(_row(grown, whole_ns, places) for grown in shown),
        note="; ".join(_notes(where, categories, others, places)),
        new_pitfalls=where.new_pitfalls,
        why_not=why_not,
        parts=_parts(where) if where.parts else None,
    )


def _parts(where: Where) -> str:
    parts = where.parts
    whole_ns = sum(part.ns for part in parts)
    told = [f"{part.name} {units.percent(part.ns / whole_ns)}" for part in parts[:_SHOWN_PARTS]]
    rest_ns = sum(part.ns for part in parts[_SHOWN_PARTS:])
    rest = [f"others {units.percent(rest_ns / whole_ns)}"] if rest_ns else []
    step = f"a {'timed' if where.of_timed else 'traced'} step of {units.duration(whole_ns)}"
    return f"{', '.join([*told, *rest])} of {step}"


def _doubt(categories: Sequence[Grown]) -> str | None:
    """Say why what grew most is a hint alone; None where it is more."""
    if not categories:
        return None
    interval_ns = categories[0].interval_ns
    if interval_ns is None:
        return "too few traces beside one another for an interval: take what grew most for a hint"
    if interval_ns[0] > 0:
        return None
    return "what grew most lies within what launches differ by: take it for a hint"


def _most_first(grown: Sequence[Grown], *kinds: GrownKind) -> list[Grown]:
    those = [each for each in grown if each.kind in kinds and each.by_ns > 0]
    return sorted(those, key=lambda each: each.by_ns, reverse=True)


def _decimals(shown: Sequence[Grown]) -> int:
    """Return the decimals in which the least growth that is shown does not read 0."""
    largest = units.duration_decimals(each.after_ns for each in shown)
    if any(
        units.milliseconds(each.by_ns, largest) == units.milliseconds(0, largest) for each in shown
    ):
        return 3
    return largest


def _row(grown: Grown, whole_ns: int, places: int) -> GrownRow:
    interval = "-"
    if grown.interval_ns is not None:
        low, high = (units.signed_milliseconds(end, places) for end in grown.interval_ns)
        interval = f"{low} to {high}"
    return GrownRow(
        kind=grown.kind,
        name=grown.name,
        before=units.milliseconds(grown.before_ns, places),
        after=units.milliseconds(grown.after_ns, places),
        by=units.signed_milliseconds(grown.by_ns, places),
        interval=interval,
        share=units.percent(grown.by_ns / whole_ns, 0) if whole_ns else "-",
    )


def _step(where: Where) -> str | None:
    before, after = where.step_before_ns, where.step_after_ns
    if before is None or after is None:
        return None
    places = units.duration_decimals([before, after])
    first, then = (units.milliseconds(each, places) for each in (before, after))
    by = units.signed_milliseconds(after - before, places)
    return f"timed step {first} -> {then} ms ({by} ms)"


def _most(
    categories: Sequence[Grown], others: Sequence[Grown], whole_ns: int, places: int
) -> str | None:
    parts = [
        f"{grown.kind.value} {grown.name} {units.milliseconds(grown.before_ns, places)} -> "
        f"{units.milliseconds(grown.after_ns, places)} ms"
        for grown in (*categories[:1], *others[:1])
    ]
    if not parts:
        return None
    if categories:
        parts[0] += f" ({units.percent(categories[0].by_ns / whole_ns, 0)} of what grew)"
    return ", ".join(parts)


def _notes(
    where: Where, categories: Sequence[Grown], others: Sequence[Grown], places: int
) -> Iterator[str]:
    """Yield what the figures are of, and what is not among them."""
    if where.of_timed:
        yield "per timed step, divided as the traced steps are"
        yield from _of_what_intervals_are([*categories, *others])
    else:
        yield "per traced step, which the profiler lengthens: parts may grow by more than the step"
    unlisted_ns = where.grew_ns - sum(grown.by_ns for grown in categories)
    nothing = units.milliseconds(0, places)
    smaller, shrank = (units.milliseconds(ns, places) for ns in (unlisted_ns, where.shrank_ns))
    if where.grew_ns and unlisted_ns > 0 and smaller != nothing:
        yield f"smaller categories grew by {smaller} ms together"
    if shrank != nothing:
        yield f"others shrank by {shrank} ms together"
    left_out = others[SHOWN_KERNELS:]
    if left_out:
        total = units.milliseconds(sum(each.by_ns for each in left_out), places)
        yield f"{units.count(len(left_out), 'smaller one')} left out, {total} ms together"
    if _step(where) is not None:
        # Whoever divides or adds them up finds a little more or less.
        yield (
            "parts are told by medians over launches, the two steps by means, a budget's ratio by "
            "geometric means, and agree but for that; shares are of all that grew"
        )
    doubt = _doubt(categories)
    if doubt is not None:
        yield doubt


def _of_what_intervals_are(shown: Sequence[Grown]) -> Iterator[str]:
    """Yield what the intervals of parts of the timed step take in."""
    known = {each.name for each in shown if each.interval_ns is not None}
    waits = Category.DATA_LOADING.value
    if known == {waits}:
        yield "95 % is of the timed waits"
    elif known:
        # Launches that are traced alone have no timed step of their own.
        but = f" ({waits}: of the timed waits)" if waits in known else ""
        yield f"95 % is of how they divide it{but}, and not of how well the step is known"

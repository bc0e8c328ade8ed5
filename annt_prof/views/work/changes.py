"""Two variants side by side: what of kernels or operators grew and what shrank, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import Cell, Column, Row, Sheet
from annt_prof.views.work import cells
from annt_prof.views.work.groups import group_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from annt_prof.analysis.tables.kernel_parts import KernelPart
    from annt_prof.views.work.groups import Grouping
    from annt_prof.views.work.traced import Traced

KERNEL_CHANGES_KEY = "kernel_changes"
GROUP_CHANGES_KEY = "group_changes"
OPERATOR_CHANGES_KEY = "operator_changes"

_NO_TIME = 0.0, 0.0


@dataclass(frozen=True)
class Side:
    """What of one variant is held against the other.

    Attributes:
        name: Of the variant.
        totals: Time, ns, and count of each name, over all traced steps.
        num_steps: Traced.
        samples: Of a step; None where it is not known.
    """

    name: str
    totals: Mapping[str, tuple[int, int]]
    num_steps: int
    samples: int | None


def kernel_changes(
    before: Traced, after: Traced, room: int, grouping: Grouping | None = None
) -> Sheet:
    """Return how much longer or shorter each kernel is in a step, or a sample, of the second.

    Args:
        before: The first variant.
        after: The second one.
        room: Characters for a name.
        grouping: Tells of groups of kernels, as variants mostly run others; None of each by name.
    """
    if grouping is None:
        sides = [_kernel_side(each, lambda part: part.name) for each in (before, after)]
        return _sheet(KERNEL_CHANGES_KEY, "Kernels", (before, after), sides, room)
    sides = [_kernel_side(each, partial(group_name, grouping)) for each in (before, after)]
    return _sheet(GROUP_CHANGES_KEY, f"Kernels by {grouping}", (before, after), sides, room)


def operator_changes(before: Traced, after: Traced, room: int) -> Sheet:
    """Return the same of operators and the time of their own; likewise."""
    sides = [_operator_side(before), _operator_side(after)]
    return _sheet(OPERATOR_CHANGES_KEY, "Operators", (before, after), sides, room)


def _kernel_side(traced: Traced, key: Callable[[KernelPart], str]) -> Side | None:
    if traced.parts is None:
        return None
    totals: dict[str, tuple[int, int]] = {}
    for part in traced.parts.parts:
        time_ns, count = totals.get(key(part), (0, 0))
        totals[key(part)] = time_ns + part.total_ns, count + part.count
    return Side(traced.name, totals, traced.parts.num_steps, traced.samples)


def _operator_side(traced: Traced) -> Side | None:
    operators = traced.operators
    if operators is None:
        return None
    totals = {row.name: (row.self_ns or 0, row.count) for row in operators.rows}
    return Side(traced.name, totals, operators.num_steps, traced.samples)


def _sheet(
    key: str, what: str, traced: tuple[Traced, Traced], sides: list[Side | None], room: int
) -> Sheet:
    before, after = sides
    broken = [side.name for side in traced if not side.analysis.complete]
    names, lower = f"{traced[0].name} to {traced[1].name}", what.lower()
    if broken:
        why = f"the trace of {broken[0]} breaks off, so what a step takes is not known"
    elif before is None or after is None:
        lacking = traced[0] if before is None else traced[1]
        why = f"the trace of {lacking.name} has no {lower}"
    else:
        return _known_sheet(key, what, (before, after), room)
    return Sheet(key, f"{what}, {names}: not known", _columns("step", "ms"), (), empty=why)


def _known_sheet(key: str, what: str, sides: tuple[Side, Side], room: int) -> Sheet:
    before, after = sides
    sampled = _by_sample(before, after)
    of = "sample" if sampled else "step"
    per = [_per(side, of) for side in sides]
    every = dict.fromkeys((*before.totals, *after.totals))
    of_kernels = key == KERNEL_CHANGES_KEY
    short = (cells.short_names if of_kernels else cells.operator_names)(every, room)
    rows = [_change(name, short[name], per, sampled=sampled) for name in short]
    rows.sort(key=lambda row: -abs(_size(row)))
    sums = [sum(time_ns for time_ns, _ in side.values()) for side in per]
    unit = "us" if sampled else "ms"
    texts = [f"{_time(total, sampled=sampled)} {unit}" for total in sums]
    difference = f"{_signed(sums[1] - sums[0], sampled=sampled)} {unit}"
    return Sheet(
        key,
        f"{what} per {of}: {before.name} {texts[0]}, {after.name} {texts[1]}, change {difference}",
        _columns(of, unit),
        tuple(rows),
        notes=tuple(_notes(before, after, sampled=sampled)),
        empty="" if rows else f"no {what.lower()} began in the steps of either",
    )


def _by_sample(before: Side, after: Side) -> bool:
    """Tell whether steps are of different numbers of samples, and these are known."""
    return bool(before.samples and after.samples and before.samples != after.samples)


def _per(side: Side, of: str) -> dict[str, tuple[float, float]]:
    """Return time and count of each name in a step, or the time of it for a sample."""
    share = 1 / (side.num_steps * ((side.samples or 1) if of == "sample" else 1))
    return {
        name: (time_ns * share, count / side.num_steps)
        for name, (time_ns, count) in side.totals.items()
    }


def _notes(before: Side, after: Side, *, sampled: bool) -> list[str]:
    said = (
        f"means over the traced steps, {before.num_steps} of {before.name} and {after.num_steps} "
        f"of {after.name}; traced once each, so small changes may be chance"
    )
    if not sampled:
        return [said]
    return [
        said,
        f"times are per sample, as a step of {before.name} is of "
        f"{units.count(before.samples or 0, 'sample')} and one of {after.name} of "
        f"{units.whole(after.samples or 0)}",
    ]


def _columns(of: str, unit: str) -> tuple[Column, ...]:
    return (
        Column("name", "name", "In both traces or in one of them.", False, True),
        Column("change_ns", f"change {unit}", f"Time per {of} after, less that before; operators' "
               "is their own time."),
        Column("before_ns", f"before {unit}", f"Time per {of} in the first variant."),
        Column("after_ns", f"after {unit}", f"Time per {of} in the second variant."),
        Column("change", "change", "The change over the time before."),
        Column("count_before", "count before", "Launches or calls per step in the first variant."),
        Column("count_after", "count after", "Launches or calls per step in the second variant."),
    )  # fmt: skip


def _change(
    name: str, short: str, per: list[dict[str, tuple[float, float]]], *, sampled: bool
) -> Row:
    (before_ns, count_before), (after_ns, count_after) = (side.get(name, _NO_TIME) for side in per)
    change_ns = after_ns - before_ns
    return Row(
        name,
        (
            cells.name_cell(name, short or "not known"),
            Cell(_signed(change_ns, sampled=sampled), change_ns),
            Cell(_time(before_ns, sampled=sampled), before_ns),
            Cell(_time(after_ns, sampled=sampled), after_ns),
            _relative(change_ns, before_ns),
            Cell(units.number(count_before, 1), count_before),
            Cell(units.number(count_after, 1), count_after),
        ),
    )


def _relative(change_ns: float, before_ns: float) -> Cell:
    if not before_ns:
        return Cell("new", None)
    fraction = change_ns / before_ns
    return Cell(f"{'+' if fraction > 0 else ''}{units.percent(fraction)}", fraction)


def _time(time_ns: float, *, sampled: bool) -> str:
    return units.microseconds(time_ns, 3) if sampled else units.milliseconds(time_ns, 3)


def _signed(time_ns: float, *, sampled: bool) -> str:
    text = _time(time_ns + 0.0, sampled=sampled)
    if not text.strip("-0.,"):
        return text.removeprefix("-")
    return text if time_ns < 0 else f"+{text}"


def _size(row: Row) -> float:
    value = row.cells[1].value
    return float(value) if isinstance(value, int | float) else 0.0

"""Kernels in groups: by class, or by the phase, operator or module that launched them."""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import Cell, Column, Row, Sheet, Tone
from annt_prof.views.work import cells

if TYPE_CHECKING:
    from annt_prof.analysis.tables.kernel_parts import KernelPart
    from annt_prof.views.work.traced import Traced

GROUPS_KEY = "groups"
MEMBERS_KEY = "members"
NOT_KNOWN = ""
"""Key of the group of what is not known."""


class Grouping(StrEnum):
    """What kernels of one group have in common."""

    CLASS = "class"
    PHASE = "phase"
    OPERATOR = "operator"
    MODULE = "module"


_MEANINGS = {
    Grouping.CLASS: "What kind of work the kernels do.",
    Grouping.PHASE: "The phase of the step that launched them.",
    Grouping.OPERATOR: "The operator that launched them.",
    Grouping.MODULE: "The innermost module that launched them.",
}
_WHY_UNKNOWN = {
    Grouping.CLASS: "",
    Grouping.PHASE: "the file breaks off: the range around a launch may be lost",
    Grouping.OPERATOR: "the trace ties no kernel to an operator: it has no external ids",
    Grouping.MODULE: "no module is known: the profiler's with_stack=True or with_modules=True "
    "records Python frames",
}


def group_name(grouping: Grouping, part: KernelPart) -> str:
    """Return the group that kernels are of; ``NOT_KNOWN`` where it is not known."""
    group = {
        Grouping.CLASS: part.kernel_class,
        Grouping.PHASE: part.phase,
        Grouping.OPERATOR: part.operator,
        Grouping.MODULE: part.module,
    }[grouping]
    return NOT_KNOWN if group is None else group


def build_group_sheet(traced: Traced, grouping: Grouping) -> Sheet:
    """Return the groups, which add up to all kernels; the longest in total first.

    Args:
        traced: With kernels or not.
        grouping: What a group is of.
    """
    groups: defaultdict[str, list[KernelPart]] = defaultdict(list)
    for part in _parts(traced):
        groups[group_name(grouping, part)].append(part)
    known = set(groups) != {NOT_KNOWN}
    total_ns = {group: sum(part.total_ns for part in parts) for group, parts in groups.items()}
    all_ns = sum(total_ns.values())
    order = sorted(groups, key=lambda group: -total_ns[group])
    empty = _WHY_UNKNOWN[grouping] if groups else "no kernel began in these steps"
    return Sheet(
        GROUPS_KEY,
        f"Kernels of {traced.name} by {grouping}: {units.count(len(groups), 'group')}, "
        f"{units.duration(all_ns)}",
        (
            Column("group", grouping.value, _MEANINGS[grouping], False, True),
            Column("total_ns", "total ms", "Sum of their kernels' durations; the groups add up to "
                   "all kernels."),
            Column("share", "of kernels", "Their total over that of all kernels."),
            Column("count", "count", "Launches within the traced steps."),
            Column("names", "names", "Different kernels."),
        ),
        tuple(_row(group, groups[group], total_ns[group], all_ns) for group in order)
        if known else (),
        empty="" if known else empty,
    )  # fmt: skip


def build_member_sheet(traced: Traced, grouping: Grouping, group: str, room: int) -> Sheet:
    """Return the kernels of one group, with what of them is of it.

    Args:
        traced: With kernels.
        grouping: What a group is of.
        group: The key of its row.
        room: Characters for a name.
    """
    count: Counter[str] = Counter()
    total_ns: Counter[str] = Counter()
    whole_ns: Counter[str] = Counter()
    classes = {}
    for part in _parts(traced):
        whole_ns[part.name] += part.total_ns
        if group_name(grouping, part) == group:
            count[part.name] += part.count
            total_ns[part.name] += part.total_ns
            classes[part.name] = part.kernel_class
    names = cells.short_names(total_ns, room)
    launches = units.count(count.total(), "launch", "launches")
    return Sheet(
        MEMBERS_KEY,
        f"Kernels of {traced.name} of {grouping} {_said(group)}: "
        f"{units.count(len(names), 'name')}, {launches}, {units.duration(total_ns.total())}",
        (
            Column("kernel", "kernel", "All kernels of one name that are of the group.", False,
                   True),
            Column("total_ns", "total ms", "Sum of the durations of those that are."),
            Column("share", "of group", "That over the total of the group."),
            Column("share_of_name", "of its name", "That over the total of all kernels of this "
                   "name."),
            Column("count", "count", "Launches of those that are."),
            Column("mean_ns", "mean us", "Mean duration of those that are."),
            Column("class", "class", "What kind of work they do, told by their name.", False),
        ),
        tuple(
            Row(
                name,
                (
                    cells.name_cell(name, names[name]),
                    cells.milliseconds(ns),
                    cells.share(_over(ns, total_ns.total())),
                    cells.share(_over(ns, whole_ns[name])),
                    cells.whole(count[name]),
                    cells.microseconds(ns / count[name]),
                    Cell(classes[name], classes[name]),
                ),
            )
            for name, ns in total_ns.most_common()
        ),
        empty="" if names else "no kernel of this trace is of it",
    )  # fmt: skip


def _row(group: str, parts: list[KernelPart], total_ns: int, all_ns: int) -> Row:
    said = cells.place_name(_said(group))
    return Row(
        group,
        (
            Cell(said, group, Tone.STRONG if group else Tone.QUIET),
            cells.milliseconds(total_ns),
            cells.share(_over(total_ns, all_ns)),
            cells.whole(sum(part.count for part in parts)),
            cells.whole(len({part.name for part in parts})),
        ),
    )


def _parts(traced: Traced) -> tuple[KernelPart, ...]:
    return () if traced.parts is None else traced.parts.parts


def _said(group: str) -> str:
    return "not known" if group == NOT_KNOWN else group


def _over(part_ns: int, whole_ns: int) -> float | None:
    return part_ns / whole_ns if whole_ns else None

"""Kernels and operators by name: of one variant, in groups, or of two side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.page import Block, Lines, Page, Said, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.work.cells import WIDEST_NAME
from annt_prof.views.work.changes import kernel_changes, operator_changes
from annt_prof.views.work.groups import build_group_sheet, build_member_sheet
from annt_prof.views.work.kernel_sheet import build_kernel_sheet
from annt_prof.views.work.operator_sheet import build_operator_sheet

if TYPE_CHECKING:
    from annt_prof.views.work.groups import Grouping
    from annt_prof.views.work.traced import Traced


@dataclass(frozen=True)
class Shown:
    """How it is shown.

    Attributes:
        grouping: What kernels are grouped by; None shows them by name.
        group: Key of the group whose kernels are shown; None shows the groups.
        room: Characters for a name.
    """

    grouping: Grouping | None = None
    group: str | None = None
    room: int = WIDEST_NAME


def build_kernels_page(
    title: str, traced: Traced, against: Traced | None = None, shown: Shown | None = None
) -> Page:
    """Return what ran in the traced steps.

    Kernels come first; where there are none the operators do, as they are the work itself.

    Args:
        title: Of what is open.
        traced: What is shown.
        against: A second variant that it is held against; groups are not entered then.
        shown: How.
    """
    how = Shown() if shown is None else shown
    warnings = [
        Lines(f"broken_off_{number}", "", (_broken_off(each),))
        for number, each in enumerate(filter(None, (traced, against)))
        if not each.analysis.complete
    ]
    if against is None:
        kernels = _kernels(traced, how)
        operators = build_operator_sheet(traced, how.room)
    else:
        kernels = kernel_changes(traced, against, how.room, how.grouping)
        operators = operator_changes(traced, against, how.room)
    on_device = traced.has_kernels or (against is not None and against.has_kernels)
    sheets = (kernels, operators) if on_device else (operators, kernels)
    return Page(Screen.KERNELS, title, (*warnings, *sheets))


def _kernels(traced: Traced, how: Shown) -> Block:
    if how.grouping is None or not traced.has_kernels:
        return build_kernel_sheet(traced, how.room)
    if how.group is None:
        return build_group_sheet(traced, how.grouping)
    return build_member_sheet(traced, how.grouping, how.group, how.room)


def _broken_off(traced: Traced) -> Said:
    return Said(
        f"the trace of {traced.name} breaks off: counts and times are of what is left of it",
        tone=Tone.UNSURE,
    )

"""What the items of a timeline are drawn in: one letter and one colour for each label."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from annt_prof.analysis.lanes.lanes import LABELS, ItemKind
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, Cause
from annt_prof.categories import Category, KernelClass
from annt_prof.views.palette import LOOKS, UNKNOWN, Look

if TYPE_CHECKING:
    from collections.abc import Mapping

NUM_LABELS = 32
"""More than any kind has; a code is ``kind * NUM_LABELS + label + 1``, 0 of a label for none."""

CLASS_LOOKS: Mapping[str, Look] = {
    KernelClass.CONV: Look("#0072B2", "C"),
    KernelClass.GEMM: Look("#56B4E9", "G"),
    KernelClass.ATTENTION: Look("#009E73", "A"),
    KernelClass.NORM: Look("#E69F00", "N"),
    KernelClass.ELEMENTWISE: Look("#D55E00", "E"),
    KernelClass.REDUCTION: Look("#F0E442", "R"),
    KernelClass.CAST: Look("#B8AD1F", "X"),
    KernelClass.OPTIMIZER: Look("#8FD3BF", "O"),
    KernelClass.MEMORY: Look("#E3B7D2", "Y"),
    KernelClass.COMMUNICATION: Look("#CC79A7", "M"),
    KernelClass.OTHER: Look("#999999", "K"),
}
"""Of kernels, capital letters; the colours are those that ``palette`` has too."""

CAUSE_LOOKS: Mapping[str, Look] = {
    Cause.QUEUED: Look(LOOKS[Category.QUEUED].colour, "q"),
    Cause.OTHER_STREAM: Look("#F7D3BE", "w"),
    Cause.COMMUNICATION: LOOKS[Category.COMMUNICATION],
    Cause.DATA_LOADING: LOOKS[Category.DATA_LOADING],
    Cause.SYNCHRONISE: LOOKS[Category.SYNC],
    Cause.LAUNCH: Look("#E8894D", "l"),
    Cause.DISPATCH: LOOKS[Category.HOST_BOUND],
    Cause.UNKNOWN: LOOKS[Category.UNATTRIBUTED],
}
"""Of gaps: those of the category that a cause counts as, where one has it alone."""

CALL = Look("#707070", "r")
MEMSET = Look("#8C3F6B", "s")
OUTSIDE = Look("#B0B0B0", "-")
"""Of an operator that the main thread was in no phase of."""

GAP_WORDS: Mapping[str, str] = {
    Cause.QUEUED: "launched already: the device's own delay before it began",
    Cause.OTHER_STREAM: "launched already: its stream was told to wait for an event of another",
    Cause.COMMUNICATION: "the host carried out a collective itself",
    Cause.DATA_LOADING: "nothing was launched: the host was in the data loader",
    Cause.SYNCHRONISE: "nothing was launched: the host waited for the device",
    Cause.LAUNCH: "the host was in the call that launches, or the device was taking it up",
    Cause.DISPATCH: "nothing was launched: the host was running Python and operators",
    Cause.UNKNOWN: "the trace does not hold the launch of what comes next",
}
"""Why no device was busy."""

assert set(CATEGORY_OF) == set(CAUSE_LOOKS) == set(GAP_WORDS)


@cache
def look_of(code: int) -> Look:
    """Return what a code is drawn in."""
    kind, label = ItemKind(code // NUM_LABELS), code % NUM_LABELS - 1
    if kind is ItemKind.CALL:
        return CALL
    if kind is ItemKind.MEMSET:
        return MEMSET
    if label < 0:
        return OUTSIDE
    name = LABELS[kind][label]
    if kind is ItemKind.KERNEL:
        return CLASS_LOOKS[name]
    if kind is ItemKind.GAP:
        return CAUSE_LOOKS[name]
    return LOOKS.get(name, UNKNOWN)


def word_of(code: int) -> str:
    """Return what a code's letter stands for."""
    kind, label = ItemKind(code // NUM_LABELS), code % NUM_LABELS - 1
    if kind is ItemKind.CALL:
        return "runtime call"
    if label < 0:
        return "outside of phases"
    return LABELS[kind][label]

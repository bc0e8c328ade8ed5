"""What one item of a timeline is, in words."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.lanes.lanes import LABELS, NONE, UNKNOWN_NS, ItemKind
from annt_prof.views.page import Lines, Said, Tone
from annt_prof.views.timeline.finding import whole_gap
from annt_prof.views.timeline.looks import GAP_WORDS
from annt_prof.views.timeline.names import without_evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annt_prof.analysis.lanes.lanes import Lanes

_KINDS = {
    ItemKind.PHASE: "phase of the step",
    ItemKind.OPERATOR: "operator or range",
    ItemKind.CALL: "call of the device's runtime",
    ItemKind.KERNEL: "kernel",
    ItemKind.COPY: "copy",
    ItemKind.MEMSET: "memset",
    ItemKind.GAP: "no device is busy",
    ItemKind.PATH: "critical path",
}
_LONG = 60
"""Letters of a name, which in full may have thousands; more of it is said last."""
_ON_DEVICE = (ItemKind.KERNEL, ItemKind.COPY, ItemKind.MEMSET)


def details(lanes: Lanes, item: int | None, step: int, letters: int | None = None) -> Lines:
    """Return what is at the cursor.

    Args:
        lanes: Of a trace.
        item: The item; None where the cursor is on none.
        step: Whose begin instants are counted from.
        letters: Of a long name that there is room for in the end; None for all of them.
    """
    if item is None:
        nothing = Said("nothing here: the cursor is between items", tone=Tone.QUIET)
        return Lines("details", "", (nothing,))
    return Lines("details", "", tuple(_lines(lanes, item, step, letters)))


def fitting(
    lanes: Lanes, item: int | None, step: int, fits: Callable[[Lines], bool], most: int
) -> Lines:
    """Return what is at the cursor with as much of a long name as there is room for.

    Args:
        lanes: Of a trace.
        item: The item; None where the cursor is on none.
        step: Whose begin instants are counted from.
        fits: Whether there is room for this.
        most: Letters that there is room for at the very most.
    """
    whole = details(lanes, item, step)
    if fits(whole):
        return whole
    letters = range(_LONG, max(most, _LONG) + 1)  # so few say no more than the first line does
    too_many = bisect_left(
        letters, True, lo=1, key=lambda n: not fits(details(lanes, item, step, n))
    )
    return details(lanes, item, step, letters[too_many - 1])


def _lines(lanes: Lanes, item: int, step: int, letters: int | None) -> Iterator[Said]:
    kind = ItemKind(int(lanes.kind[item]))
    name = _name(lanes, item, kind)
    brief = name if len(name) <= _LONG else f"{name[:_LONG]}..."
    yield Said(brief, "name", Tone.STRONG)
    yield Said(_what(lanes, item, kind), "what")
    yield Said(_when(lanes, item, step), "when")
    if kind in _ON_DEVICE:
        yield Said(_launch(lanes, item, step), "launched by")
    elif lanes.parent[item] != NONE and kind is ItemKind.PATH:
        yield Said(_placed(lanes, int(lanes.parent[item])), "on")
    elif kind in (ItemKind.OPERATOR, ItemKind.CALL):
        yield Said(_around(lanes, item) or "no operator around it", "within")
    elif kind is ItemKind.GAP:
        begin_ns, end_ns = whole_gap(lanes, item)
        yield Said(f"{units.fine(end_ns - begin_ns)} in all, whatever the causes", "whole gap")
    yield Said(_path(lanes, item, kind), "path")
    if brief != name and (letters is None or letters >= len(name)):
        yield Said(name, "in full", Tone.QUIET)
    elif brief != name and letters is not None and letters > _LONG:
        yield Said(f"{name[:letters]}...", "begins", Tone.QUIET)


def _name(lanes: Lanes, item: int, kind: ItemKind) -> str:
    name: str = lanes.names[lanes.name[item]]
    return GAP_WORDS[name] if kind is ItemKind.GAP else name


def _what(lanes: Lanes, item: int, kind: ItemKind) -> str:
    label, category = int(lanes.label[item]), int(lanes.category[item])
    parts = [_KINDS[kind]]
    if kind is ItemKind.KERNEL:
        parts.append(f"class {LABELS[kind][label]}")
    elif kind is ItemKind.GAP:
        parts.append(f"cause {LABELS[kind][label]}")
    elif kind in (ItemKind.OPERATOR, ItemKind.CALL):
        phase = "no phase" if label == NONE else LABELS[kind][label]
        parts.append(f"while the main thread was in {phase}")
    if category != NONE:
        parts.append(f"its time counts as {CATEGORIES[category].value}")
    parts.append(lanes.lanes[lanes.lane[item]].title)
    return ", ".join(parts)


def _when(lanes: Lanes, item: int, step: int) -> str:
    start_ns, end_ns = int(lanes.start_ns[item]), int(lanes.end_ns[item])
    origin_ns = int(lanes.step_start_ns[step])
    return (
        f"{units.fine(end_ns - start_ns)} long, from {units.fine(start_ns - origin_ns)} to "
        f"{units.fine(end_ns - origin_ns)} of {lanes.step_names[step]}"
    )


def _launch(lanes: Lanes, item: int, step: int) -> str:
    called_ns, call = int(lanes.launched_ns[item]), int(lanes.launched_by[item])
    if called_ns == UNKNOWN_NS or call == NONE:
        return "a call that the trace does not hold"
    at_ns = called_ns - int(lanes.step_start_ns[step])
    delay_ns = int(lanes.start_ns[item]) - called_ns
    around = _around(lanes, call)
    within = f" in {around}" if around else ""
    return (
        f"{lanes.names[lanes.name[call]]} at {units.fine(at_ns)}, {units.fine(delay_ns)} before it "
        f"began, on {lanes.lanes[lanes.lane[call]].title}{within}"
    )


def _around(lanes: Lanes, item: int) -> str:
    """Return the operators around an item, the innermost first."""
    names: list[str] = []
    around = int(lanes.parent[item])
    while around != NONE and len(names) < 3:
        name = without_evaluation(lanes.names[lanes.name[around]])
        if name not in names[-1:]:  # an evaluation is of the function that it is around
            names.append(name)
        around = int(lanes.parent[around])
    return " in ".join(names)


def _placed(lanes: Lanes, item: int) -> str:
    title: str = lanes.lanes[lanes.lane[item]].title
    return title


def _path(lanes: Lanes, item: int, kind: ItemKind) -> str:
    if not any(lane.kind == "path" for lane in lanes.lanes):
        return "the critical path of this trace is not known"
    if kind is ItemKind.PATH:
        return "on the critical path: shortening it can shorten the step"
    if kind in _ON_DEVICE:
        if lanes.on_path[item]:
            return "on the critical path: shortening it can shorten the step"
        return "not on the critical path: shortening it cannot shorten the step"
    if kind is ItemKind.GAP:
        return "on the critical path, as all idle time is"
    on = "lies on" if lanes.on_path[item] else "does not lie on"
    return f"the host {on} the critical path while it lasts"

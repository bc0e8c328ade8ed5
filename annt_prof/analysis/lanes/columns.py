"""Items under construction: parts of the columns, put behind one another and brought in order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from annt_prof.analysis.lanes.lanes import NONE, UNKNOWN_NS, ItemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(eq=False)
class Items:
    """Some items, on the trace's own clock; columns of shape (n,), as ``Lanes`` has them.

    Attributes:
        event: The trace's event that each is, or ``NONE``.
        name: Index into the trace's names, or behind them into names of our own.
        launched_by, parent: Indices into the trace's events, or ``NONE``.
    """

    event: Ints
    lane: Ints
    row: Ints
    kind: Ints
    start_ns: Ints
    end_ns: Ints
    name: Ints
    label: Ints
    category: Ints
    on_path: NDArray[np.bool_]
    launched_by: Ints
    launched_ns: Ints
    parent: Ints


def items(
    start_ns: Ints, end_ns: Ints, kind: ItemKind | Ints, **columns: NDArray[Any] | int | bool
) -> Items:
    """Return items of one kind; a column that is not given says nothing of any of them."""
    told: dict[str, NDArray[Any] | int | bool] = {
        "event": NONE, "lane": 0, "row": 0, "kind": kind, "start_ns": start_ns, "end_ns": end_ns,
        "name": 0, "label": NONE, "category": NONE, "on_path": False, "launched_by": NONE,
        "launched_ns": UNKNOWN_NS, "parent": NONE, **columns,
    }  # fmt: skip
    whole = {name: np.broadcast_to(np.asarray(told[name]), start_ns.shape) for name in told}
    return Items(**{field.name: whole[field.name] for field in fields(Items)})


def joined(parts: Sequence[Items]) -> Items:
    """Put items behind one another and in order: by lane, by row, by time."""
    whole = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Items)
    }
    order = np.lexsort((-whole["end_ns"], whole["start_ns"], whole["row"], whole["lane"]))
    return Items(**{name: column[order] for name, column in whole.items()})

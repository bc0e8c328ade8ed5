"""The critical path through the steps, as it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase
from annt_prof.views.rest import legible
from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from annt_prof.analysis.breakdown.breakdown import Breakdown
    from annt_prof.analysis.path.critical_path import CriticalPath
    from annt_prof.analysis.tables.host_view import HostStep

_LEAST_HIDDEN = 0.01
"""Share of the steps that loading must take beside the path to be worth telling. It is a choice:
as much of a step as the breakdown may leave unattributed."""


@dataclass(frozen=True)
class PathRow:
    """One category on the path.

    Attributes:
        name: The category's.
        on_path_ns: Mean per step.
        share: Of the steps, a fraction; None where they take nothing.
        spent_ns: What the breakdown has of it, mean per step; None where it has none.
    """

    name: str
    on_path_ns: float
    share: float | None
    spent_ns: int | None


@dataclass(frozen=True)
class PhaseOnPath:
    """The host's part of the path in one phase, mean per step."""

    phase: str
    time_ns: int


@dataclass(frozen=True)
class HiddenLoading:
    """Loading of which only a part is on the path, mean per step.

    Attributes:
        loading_ns: What it takes the host.
        on_path_ns: What of it is on the path: faster loading saves no more.
    """

    loading_ns: int
    on_path_ns: int


@dataclass(frozen=True)
class PathView:
    """The path, the longest first in each part.

    Attributes:
        rows: What is on it.
        brief: What is on it for so short a time that it would read 0.000 ms, by name.
        phases: The host's part of it by phase; empty where the host has none.
        hidden_loading: None where loading is on the path, or hardly takes time.
    """

    rows: tuple[PathRow, ...]
    brief: tuple[str, ...]
    phases: tuple[PhaseOnPath, ...]
    hidden_loading: HiddenLoading | None


def build_path_view(
    path: CriticalPath, breakdown: Breakdown | None, host: Sequence[HostStep] | None
) -> PathView:
    """Return what is shown of the path.

    Args:
        path: Through at least one step.
        breakdown: Of the same steps; None where there is none.
        host: The same steps from the host; None likewise.
    """
    num_steps = len(path.steps)
    wall_ns = sum(step.wall_ns for step in path.steps)
    spent_ns = {} if breakdown is None else breakdown.mean.by_category_ns
    by_phase_ns = _summed(step.host_ns for step in path.steps)
    every = tuple(
        PathRow(
            name=name,
            on_path_ns=ns / num_steps,
            share=share_of(ns, wall_ns),
            spent_ns=spent_ns.get(Category(name)),
        )
        for name, ns in _longest_first(_summed(step.on_path_ns for step in path.steps))
    )
    rows = legible(every, lambda row: row.on_path_ns).rows
    return PathView(
        rows=rows,
        brief=tuple(row.name for row in every if row not in rows),
        phases=tuple(
            PhaseOnPath(phase, round(ns / num_steps)) for phase, ns in _longest_first(by_phase_ns)
        ),
        hidden_loading=_hidden_loading(host or (), wall_ns, by_phase_ns[Phase.DATA_LOADING]),
    )


def _hidden_loading(
    host: Sequence[HostStep], wall_ns: int, on_path_ns: int
) -> HiddenLoading | None:
    loading_ns = sum(step.data_loading_ns for step in host)
    if not loading_ns - on_path_ns > _LEAST_HIDDEN * wall_ns:
        return None
    return HiddenLoading(round(loading_ns / len(host)), round(on_path_ns / len(host)))


def _summed(parts: Iterable[dict[str, int]]) -> Counter[str]:
    total_ns: Counter[str] = Counter()
    for part in parts:
        total_ns.update(part)
    return total_ns


def _longest_first(times_ns: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(times_ns.items(), key=lambda item: -item[1])

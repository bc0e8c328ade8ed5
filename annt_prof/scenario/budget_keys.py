"""The keys that may stand beneath ``budgets`` in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.mistakes import MistakeKey
from annt_prof.scenario.budget_metrics import METRICS, NO_PITFALLS, Dimension, Metric
from annt_prof.scenario.budgets import LimitKind, NamedMachine

if TYPE_CHECKING:
    from annt_prof.scenario.tree import KeyPath

BUDGETS = "budgets"
ON = "on"
TO = "to"
VARIANT = "variant"
FLOOR = "floor"
PITFALLS = tuple(key.value for key in MistakeKey)


def limit_kinds(metric: Metric) -> tuple[LimitKind, ...]:
    """Return how a metric may be limited.

    A count has no ratios, since what it would be one to is mostly 0.
    """
    kinds = [LimitKind.MAX, LimitKind.MIN]
    if metric.dimension is not Dimension.COUNT:
        kinds += [LimitKind.MAX_RATIO, LimitKind.MIN_RATIO]
    if metric.of_step:
        kinds.append(LimitKind.MAX_SHARE)
    return tuple(kinds)


def entry_keys(name: str) -> tuple[str, ...]:
    """Return the keys of one limit on a metric or a pitfall; none where there is no such name."""
    if name in PITFALLS:
        return (LimitKind.MAX.value, VARIANT)
    metric = METRICS.get(name)
    if metric is None:
        return ()
    kinds = limit_kinds(metric)
    ratio_keys = (TO,) if LimitKind.MAX_RATIO in kinds else ()
    share_keys = (FLOOR,) if LimitKind.MAX_SHARE in kinds else ()
    return (*(kind.value for kind in kinds), *ratio_keys, VARIANT, *share_keys)


def budget_keys(below: KeyPath = ()) -> tuple[str, ...]:
    """Return the keys that may stand at a path beneath ``budgets``; none where none may."""
    match below:
        case ():
            return (ON, *METRICS, NO_PITFALLS, *PITFALLS)
        case ("on",):
            return NamedMachine.__struct_fields__
        case (str(name),) | (str(name), int()):
            return entry_keys(name)
    return ()

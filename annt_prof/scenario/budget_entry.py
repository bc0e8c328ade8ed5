"""One limit of a file: ``{max: 42 ms}``, ``{min_ratio: 0.97, to: baseline}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.scenario import quantities
from annt_prof.scenario.budget_keys import FLOOR, TO, VARIANT, entry_keys, limit_kinds
from annt_prof.scenario.budget_metrics import METRICS, NO_PITFALLS, Dimension, Metric
from annt_prof.scenario.budgets import Against, AgainstKind, Budget, LimitKind
from annt_prof.scenario.wording import describe, unknown_key

if TYPE_CHECKING:
    from annt_prof.scenario.complaints import Complaints
    from annt_prof.scenario.tree import KeyPath, Node

_TO_ALLOWED = "baseline, reference, variant:NAME"
_RATIO_KEYS = (LimitKind.MAX_RATIO, LimitKind.MIN_RATIO, TO)


def read_entry(name: str, node: Node, path: KeyPath, complaints: Complaints) -> Budget | None:
    """Return one limit, without its place; None where something is wrong with it.

    Args:
        name: Of a metric or a pitfall.
        node: The mapping that has the limit.
        path: Its own, from ``budgets`` on.
        complaints: Receives what is wrong.
    """
    metric = METRICS.get(name)
    if not isinstance(node.value, dict):
        example = quantities.EXAMPLES[metric.dimension if metric else Dimension.COUNT]
        complaints.found(path, node, f"a mapping such as {{max: {example}}}")
        return None
    before = len(complaints.problems)
    for key, child in node.value.items():
        if key not in entry_keys(name):
            complaints.at_key((*path, key), child, _unknown(key, name))
    entry = _Entry(node, path, complaints)
    budget = entry.on_pitfall(name) if metric is None else entry.on_metric(metric)
    return budget if len(complaints.problems) == before else None


class _Entry:
    """The mapping of one limit."""

    def __init__(self, node: Node, path: KeyPath, complaints: Complaints) -> None:
        self._node = node
        self._path = path
        self._complaints = complaints
        name = node.child(VARIANT)
        self._variant = complaints.checked((*path, VARIANT), name, _variant) if name else None

    def on_pitfall(self, key: str) -> Budget:
        """Return the limit on a pitfall, which is there or not."""
        path = (*self._path, LimitKind.MAX.value)
        limit = self._node.child(LimitKind.MAX.value)
        if limit is None:
            if self._all_known(key):
                self._complaints.at_key(self._path, self._node, "no limit; allowed: max: 0")
        elif isinstance(limit.value, bool) or limit.value != 0:
            self._complaints.found(path, limit, "0, as a pitfall is there or not")
        return Budget(
            NO_PITFALLS, LimitKind.NONE_OF, 0, key,
            variant=self._variant, pitfalls=(key,), path=path,
        )  # fmt: skip

    def on_metric(self, metric: Metric) -> Budget | None:
        """Return the limit on a metric."""
        kind = self._kind(metric)
        if kind is None:
            return None
        path = (*self._path, kind.value)
        child: Node = self._node.value[kind.value]
        limit = self._complaints.checked(path, child, lambda given: _limit(metric, kind, given))
        return Budget(
            metric.name, kind, limit or 0, _as_given(child.value),
            to=self._to(kind), variant=self._variant, floor_ns=self._floor(kind), path=path,
        )  # fmt: skip

    def _kind(self, metric: Metric) -> LimitKind | None:
        allowed = [kind.value for kind in limit_kinds(metric)]
        given = [key for key in self._node.value if key in allowed]
        if not given and self._all_known(metric.name):
            message = f"no limit; allowed: one of {', '.join(allowed)}"
            self._complaints.at_key(self._path, self._node, message)
        for second in given[1:]:
            message = f"a second limit beside {given[0]}; several are a list of mappings"
            self._complaints.at_key((*self._path, second), self._node.value[second], message)
        return LimitKind(given[0]) if given else None

    def _all_known(self, name: str) -> bool:
        """Whether a limit is missing, and not just called by another name."""
        return all(key in entry_keys(name) for key in self._node.value)

    def _to(self, kind: LimitKind) -> Against | None:
        child = self._node.child(TO)
        if child is None:
            if kind.is_ratio:
                message = f'missing "{TO}", which says what the ratio is to; allowed: {_TO_ALLOWED}'
                path = (*self._path, kind.value)
                self._complaints.at_key(path, self._node.value[kind.value], message)
            return None
        path = (*self._path, TO)
        if not kind.is_ratio:
            self._complaints.at_key(path, child, "goes with max_ratio and min_ratio alone")
            return None
        to = self._complaints.checked(path, child, _against)
        if to is not None and to.variant is not None and to.variant == self._variant:
            self._complaints.at(path, child, "the variant that is held to it; name another one")
        return to

    def _floor(self, kind: LimitKind) -> int:
        child = self._node.child(FLOOR)
        if child is None:
            return 0
        path = (*self._path, FLOOR)
        if kind is not LimitKind.MAX_SHARE:
            self._complaints.at_key(path, child, "goes with max_share alone")
            return 0
        floor = self._complaints.checked(path, child, _time)
        return round(floor or 0)


def _unknown(key: str, name: str) -> str:
    metric = METRICS.get(name)
    if metric is not None and key in (LimitKind.MAX_SHARE, FLOOR):
        return f"goes with categories and kernel classes alone; {name} is no part of the step"
    if metric is not None and metric.dimension is Dimension.COUNT and key in _RATIO_KEYS:
        return "a count has no ratio, as what it would be one to is mostly 0"
    return unknown_key(key, entry_keys(name))


def _limit(metric: Metric, kind: LimitKind, given: object) -> float:
    if kind is LimitKind.MAX_SHARE:
        return quantities.share(given)
    if kind.is_ratio:
        return quantities.ratio(given)
    match metric.dimension:
        case Dimension.SHARE:
            return quantities.share(given)
        case Dimension.COUNT:
            return quantities.whole(given, least=0 if kind is LimitKind.MAX else 1)
    return quantities.quantity(given, metric.dimension)


def _time(given: object) -> float:
    return quantities.quantity(given, Dimension.TIME)


def _variant(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"found {describe(given)}; allowed: a variant's name")
    return given.strip()


def _against(given: object) -> Against:
    message = f"found {describe(given)}; allowed: {_TO_ALLOWED}"
    if not isinstance(given, str):
        raise ValueError(message)
    kind, colon, name = given.partition(":")
    if colon:
        if kind != AgainstKind.VARIANT or not name.strip():
            raise ValueError(message)
        return Against(AgainstKind.VARIANT, name.strip())
    if kind not in (AgainstKind.BASELINE.value, AgainstKind.REFERENCE.value):
        raise ValueError(message)
    return Against(AgainstKind(kind))


def _as_given(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else str(value)

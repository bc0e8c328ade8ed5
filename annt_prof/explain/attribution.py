"""Where in the step a saving lies: the traced windows beside the timed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.explain import costs, shapley
from annt_prof.explain.facts import NO_TECHNIQUES

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount
    from annt_prof.explain.facts import Facts

_AGREEING = 0.5  # of the timed saving: further off, the traces show something else


class Placed(NamedTuple):
    """A technique's saving by category, and whether the traces bear it out.

    Attributes:
        by_category_ns: Per sample, of the traces without what the profiler added; None where a
            variant was not traced.
        timed_ns: What the timed windows say of the same.
        timed_interval_ns: With the 95 % interval; None with too few launches.
        traced_ns: What the traces say of it as they are; None where one was not traced.
    """

    by_category_ns: dict[str, int] | None
    timed_ns: int
    traced_ns: int | None
    timed_interval_ns: tuple[int, int] | None = None

    @property
    def not_in_trace_ns(self) -> int | None:
        """What of the timed saving is in no category, so that all of it sums to the timed one."""
        if self.by_category_ns is None:
            return None
        return self.timed_ns - sum(self.by_category_ns.values())

    @property
    def unreconciled_ns(self) -> int | None:
        """The timed saving without what the traces show of it."""
        return None if self.traced_ns is None else self.timed_ns - self.traced_ns

    @property
    def agrees(self) -> bool:
        """Whether the traces show the timed saving, roughly; only then they tell where it lies.

        What lies within the timed interval agrees, however far from its middle.
        """
        off_ns, traced_ns = self.unreconciled_ns, self.traced_ns
        if off_ns is None or traced_ns is None:
            return False
        if self.timed_interval_ns is not None:
            low_ns, high_ns = self.timed_interval_ns
            if low_ns <= traced_ns <= high_ns:
                return True
        return abs(off_ns) <= _AGREEING * abs(self.timed_ns)


def place(name: str, facts: Facts, alone: Amount) -> Placed:
    """Place a technique's saving, by the same weights as its share, or alone without one."""
    by_share = name in facts.shares
    orders = facts.orders if by_share else [(name,)]
    players = facts.acting if by_share else (name,)
    timed = facts.shares[name] if by_share else alone
    variants = {names: facts.measured[names] for names in shapley.sets_along(orders)}
    if facts.baseline_ns is None:
        return Placed(None, timed.ns, None)
    cost = costs.costs_of(variants, facts.measured[NO_TECHNIQUES], facts.baseline_ns)
    traced = costs.traced(variants)
    if cost is None or len(traced) < len(variants):
        return Placed(None, timed.ns, None)
    levels = {names: float(level) for names, level in cost.level.items()}
    by_category = costs.by_category(variants, levels, facts.run.environment.device_type)
    savings = {
        category: round(float(shapley.shapley(times_ns, players, orders)[name]))
        for category, times_ns in by_category.items()
    }
    as_traced = round(float(shapley.shapley(traced, players, orders)[name]))
    interval = (
        None if timed.low_ns is None or timed.high_ns is None else (timed.low_ns, timed.high_ns)
    )
    return Placed(savings or None, timed.ns, as_traced, interval)

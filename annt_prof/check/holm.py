"""Several budgets at one look: how often any of them may raise a wrong alarm.

Failing and passing are not corrected alike. An invocation fails where *any* budget does, so ten
budgets have ten chances of a wrong alarm: Holm's step-down keeps the chance of one or more at the
level, whatever they have to do with one another. It passes where *all* do, so the chance that it
passes wrongly is no higher than that of the one budget that is broken: each is told at the level
as it stands (intersection-union test).

Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
Statistics 6(2), 1979; R. Berger, Multiparameter Hypothesis Testing and Acceptance Sampling,
Technometrics 24(4), 1982 (intersection-union tests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Judged(NamedTuple):
    """One of several hypotheses.

    Attributes:
        rejected: Whether its limit is broken.
        level: That it was judged at. Its one-sided bound at this level is beyond the limit exactly
            where it is rejected; the bounds of all do not hold together at the whole level.
    """

    rejected: bool
    level: float


def step_down(p_values: Sequence[float], level: float) -> tuple[Judged, ...]:
    """Return for each p-value whether it is rejected, in the order given.

    Args:
        p_values: That a limit is broken; 1 of what counts, but is not asked any more.
        level: Chance that any is rejected wrongly.
    """
    judged: dict[int, Judged] = {}
    rejected = 0
    for index in sorted(range(len(p_values)), key=lambda i: p_values[i]):
        share = level / (len(p_values) - rejected)
        # After the first that is not rejected the share stays, and no higher p-value is below it.
        judged[index] = Judged(p_values[index] <= share, share)
        rejected += judged[index].rejected
    return tuple(judged[index] for index in range(len(p_values)))

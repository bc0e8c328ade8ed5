"""The variant that is meant where a run is named and no variant of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.plan import AGAIN, ALL, BASELINE

if TYPE_CHECKING:
    from annt_prof.runs.record import Run


def default_variant(run: Run) -> str | None:
    """Return the whole mix, else the single technique, else the baseline; None of no variants.

    One that was lost is meant all the same: another in its place would be another work.
    """
    names = [v.name for v in run.variants if v.status != "not_applicable"]
    if ALL in names:
        return ALL
    techniques = [name for name in names if name not in (BASELINE, AGAIN)]
    if len(techniques) == 1:
        return techniques[0]
    return BASELINE if BASELINE in names else next(iter(names), None)

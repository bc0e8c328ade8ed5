"""The speedup from any variant of a run to any other, from their paired rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.compare.verdict import decide, floor_of, precision_of
from annt_prof.plan import BASELINE
from annt_prof.runs.record import Speedup
from annt_prof.runs.verdict import Verdict

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord


class Between(msgspec.Struct, frozen=True):
    """One variant against another.

    Attributes:
        speedup: The first one's time per sample over the second one's; None where they have no
            round in common.
        verdict: On the second one; None like it.
    """

    speedup: Speedup | None
    verdict: Verdict | None


def between(run: Run, first: VariantRecord, second: VariantRecord) -> Between:
    """Return what the second is worth against the first, both of this run.

    Against the baseline it is what the record holds, and the other way round its inverse: a ratio
    and its inverse are judged alike.
    """
    speedup = _speedup(first, second)
    if speedup is None:
        return Between(None, None)
    return Between(speedup, decide(speedup, precision_of(run), floor_of(run.variants)))


def _speedup(first: VariantRecord, second: VariantRecord) -> Speedup | None:
    if first.name == BASELINE:
        return second.speedup
    if second.name == BASELINE:
        return None if first.speedup is None else _inverse(first.speedup)
    if not (_has_windows(first) and _has_windows(second)):
        return None
    from annt_prof.compare import pairing  # slow to import, and most look at the baseline

    return pairing.speedup(first, second)


def _has_windows(variant: VariantRecord) -> bool:
    # One that crashed half-way keeps its windows, and is not compared.
    return variant.status == "measured" and bool(variant.windows)


def _inverse(speedup: Speedup) -> Speedup:
    return msgspec.structs.replace(
        speedup,
        ratio=1 / speedup.ratio,
        low=None if speedup.high is None else 1 / speedup.high,
        high=None if speedup.low is None else 1 / speedup.low,
    )

"""Which of the sets that were measured to use, and which technique explains most of it."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

import msgspec

from annt_prof.explain.explanation import TechniqueExplanation, Worth
from annt_prof.plan import AGAIN
from annt_prof.remarks import Mathematics
from annt_prof.runs.record import Speedup
from annt_prof.runs.verdict import Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import Run


class Recommendation(msgspec.Struct, frozen=True):
    """A set of techniques that is certainly faster than the baseline, by its interval.

    Attributes:
        variant: Its name.
        factors: What it has and the baseline lacks.
        speedup: With its interval.
        verdict: On it.
        mathematics: What it changes.
        num_faster: Variants that are faster, of which this one was chosen.
    """

    variant: str
    factors: tuple[str, ...]
    speedup: Speedup
    verdict: Verdict
    mathematics: tuple[Mathematics, ...]
    num_faster: int


def recommend(run: Run) -> Recommendation | None:
    """Return the faster variant whose interval begins highest; None where none is faster.

    By the lower end and not by the ratio: of several that were measured the one that seems the
    fastest is often the one that was lucky, and a wide interval is how luck shows.
    """
    faster = [
        (variant, variant.speedup, variant.verdict)
        for variant in run.variants
        if variant.speedup is not None
        and variant.verdict is not None
        and variant.verdict.effect is Effect.FASTER
        and variant.name != AGAIN
    ]
    if not faster:
        return None
    variant, speedup, verdict = max(faster, key=lambda each: each[1].low or 0.0)
    return Recommendation(
        variant.name, variant.factors, speedup, verdict, variant.mathematics, len(faster)
    )


class Telling(msgspec.Struct, frozen=True):
    """Techniques of the largest certain effects, for better or worse.

    Attributes:
        why: Of what is recommended; where nothing is, of all. None without a certain one.
        beside: Of what is not recommended, though something is; None likewise.
    """

    why: TechniqueExplanation | None
    beside: TechniqueExplanation | None


def most_telling(explanation: Explanation, best: Recommendation | None) -> Telling:
    """Return the techniques that explain most.

    Args:
        explanation: Of the run.
        best: What is recommended of it; None where nothing is.
    """
    if best is None:
        return Telling(_largest(explanation.techniques), None)
    used = [technique.name in best.factors for technique in explanation.techniques]
    within = compress(explanation.techniques, used)
    others = compress(explanation.techniques, (not each for each in used))
    return Telling(_largest(within), _largest(others))


def _largest(techniques: Iterable[TechniqueExplanation]) -> TechniqueExplanation | None:
    certain = [
        (technique, abs(technique.alone.ns))
        for technique in techniques
        if technique.worth in (Worth.HELPS, Worth.HURTS) and technique.alone is not None
    ]
    if not certain:
        return None
    return max(certain, key=lambda each: each[1])[0]

"""Whether the loader sets the pace, so that time saved elsewhere is only waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import Category

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Bounds
    from annt_prof.techniques.evidence import Evidence
    from annt_prof.techniques.technique import Signature


def loading_decides(
    evidence: Evidence | None, signature: Signature, bounds: Bounds | None, samples: int
) -> str | None:
    """Say that loading decides, or return None where it does not, or where nothing tells.

    Loader processes work beside training. Where a step waits for them for longer than a technique
    could shorten the rest of it, a shorter rest is a longer wait.

    Args:
        evidence: The baseline's step.
        signature: Of the technique; one that shortens loading itself is not concerned.
        bounds: What it could save, per sample.
        samples: Per iteration.
    """
    if evidence is None or bounds is None or signature.lowers(Category.DATA_LOADING):
        return None
    workers = 0 if evidence.baseline is None else evidence.baseline.workers or 0
    # What a trace shows more of than the timed step has may all be waiting.
    too_much_ns = evidence.shown_ns() - evidence.step_ns
    waits_ns = evidence.time(Category.DATA_LOADING) - too_much_ns
    if not workers or waits_ns < max(1, bounds.high_ns * samples):
        return None
    processes = units.count(workers, "loader process", "loader processes")
    return (
        f"loading decides: each step waits {units.duration(waits_ns)} "
        f"({units.percent(waits_ns / evidence.step_ns)} of it) for {processes}, and what is saved "
        "elsewhere is waited for"
    )

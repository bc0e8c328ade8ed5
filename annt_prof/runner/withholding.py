"""Variants that are not measured, because the baseline crashed before it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runner.variant_state import VariantState
    from annt_prof.workers.messages import Failure

REASON = "the baseline crashed, so there is nothing to compare with"
"""Why they are not measured, for people."""

_OUT_OF_MEMORY = "SIGKILL"  # by which the kernel ends a process where memory has run out


def costs_every_variant(baseline: VariantState, failure: Failure) -> bool:
    """Return whether the others are not measured, as the baseline's failure leaves no comparison.

    They are where memory ran out, which a technique may save, between two scenarios, of which each
    is a training of its own, and once the baseline has a window, so that there are speedups.
    """
    crashed = failure.kind == "crashed" and failure.signal != _OUT_OF_MEMORY
    return crashed and baseline.variant.factors is None and not baseline.record.windows


def withhold(others: Sequence[VariantState]) -> tuple[str, ...]:
    """End each variant that would have run, or does, record why, and return their names."""
    withheld = [state for state in others if state.runs]
    for state in withheld:
        if state.worker is not None:
            state.worker.kill()
            state.worker = None
        state.change(status="not_measured", reason=REASON)
    return tuple(state.variant.name for state in withheld)

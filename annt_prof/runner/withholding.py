"""Variants that are not measured, because what ended the baseline would end them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runner.variant_state import VariantState
    from annt_prof.workers.messages import Failure

_OUT_OF_MEMORY = "SIGKILL"  # by which the kernel ends a process where memory has run out


def costs_every_variant(baseline: VariantState, failure: Failure) -> bool:
    """Return whether a failure of the baseline is one of everything that trains as it does.

    Not so where memory ran out, which a technique may save, between two scenarios, of which each
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
        state.change(status="not_measured", reason="the baseline crashed, and it trains alike")
    return tuple(state.variant.name for state in withheld)

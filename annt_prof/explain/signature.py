"""Whether a technique moved what its mechanism moves, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category
from annt_prof.explain.explanation import Movement
from annt_prof.explain.profiler_overhead import deflated

if TYPE_CHECKING:
    from annt_prof.runs.record import VariantRecord
    from annt_prof.techniques.technique import Mover, Signature

# A traced window has few steps and no interval of its own, so small movements are not told from
# none: less than a two-hundredth of the step, or a tenth of the mover itself. Both are choices.
_WANTED = {
    "falls": ("fell",),
    "may_fall": ("flat", "fell"),
    "may_rise": ("flat", "rose", "fell"),
    "stays_flat": ("flat",),
}

_OF_STEP = 0.005
_OF_MOVER = 0.1


def movements(
    signature: Signature,
    baseline: VariantRecord,
    variant: VariantRecord,
    device_type: str,
    noise_ns: float,
) -> tuple[Movement, ...]:
    """Return each mover that both traces show; empty where one was not traced.

    Args:
        signature: What is expected.
        baseline: To compare with.
        variant: With the technique.
        device_type: What the run used.
        noise_ns: Per sample, what the timed windows cannot tell from nothing; smaller movements
            in traces, which are taken once each, are not told from it either.
    """
    before, after = deflated(baseline, device_type), deflated(variant, device_type)
    if before is None or after is None:
        return ()
    step_ns = sum(before.by_category_ns.values()) / baseline.samples_per_iteration
    least_ns = _OF_STEP * step_ns

    def off_ns(mover: Mover) -> float:
        if not isinstance(mover, Category):
            return 0.0  # kernels are timed by the device
        return (
            before.off_ns(mover) / baseline.samples_per_iteration
            + after.off_ns(mover) / variant.samples_per_iteration
        )

    expectations = (
        ("falls", signature.falls),
        ("may_fall", signature.may_fall),
        ("may_rise", signature.may_rise),
        ("stays_flat", signature.stays_flat),
    )
    compared = (
        _movement(
            mover,
            expected,
            _of(baseline, before.by_category_ns, mover),
            _of(variant, after.by_category_ns, mover),
            _Thresholds(least_ns, noise_ns, off_ns(mover)),
        )
        for expected, movers in expectations
        for mover in movers
    )
    return tuple(movement for movement in compared if movement is not None)


class _Thresholds(NamedTuple):
    """Below which a mover did not move, is not told from noise, and may be wrong; ns."""

    least_ns: float
    noise_ns: float
    off_ns: float


def _movement(
    mover: Mover,
    expected: str,
    before: float | None,
    after: float | None,
    thresholds: _Thresholds,
) -> Movement | None:
    if before is None or after is None:
        return None
    least_ns, noise_ns, off_ns = thresholds
    saving, flat_ns = before - after, max(least_ns, _OF_MOVER * before)
    if abs(saving) <= flat_ns:
        # That something did not fall is told only where a fall of that size could be seen.
        hidden = off_ns > flat_ns or (expected == "falls" and flat_ns < noise_ns < before)
        seen = "unclear" if hidden else "flat"
    elif abs(saving) <= max(noise_ns, off_ns):
        seen = "unclear"
    else:
        seen = "fell" if saving > 0 else "rose"
    fits = None if seen == "unclear" else seen in _WANTED[expected]
    return Movement(mover.value, expected, seen, round(saving), fits)


def _of(variant: VariantRecord, category_ns: dict[Category, int], mover: Mover) -> float | None:
    """Return ns per sample; kernels are timed by the device and need no deflation."""
    if isinstance(mover, Category):
        ns = category_ns.get(mover)
    elif variant.breakdown is not None and variant.breakdown.kernel_ns:
        ns = variant.breakdown.kernel_ns.get(mover.value, 0)
    else:
        ns = None
    return None if ns is None else ns / variant.samples_per_iteration

"""What was sampled beside a variant's timed windows: only what the machine tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from annt_prof.telemetry.summary import TelemetrySummary

Quantity = Literal[
    "gpu_utilisation_percent",
    "gpu_power_w",
    "gpu_sm_clock_mhz",
    "gpu_memory_clock_mhz",
    "gpu_temperature_c",
    "host_cpu_percent",
    "host_other_cpu_percent",
]
"""Each named as in ``TelemetrySummary``, the unit last; in the order in which they are shown."""


class SampledFigure(msgspec.Struct, frozen=True):
    """One mean over the timed windows, in the unit that ends the quantity's name."""

    quantity: Quantity
    value: float


class SampledView(msgspec.Struct, frozen=True):
    """What is known.

    Attributes:
        figures: In the order in which they are shown.
        throttle_reasons: Every limit on the clocks that was seen.
    """

    figures: tuple[SampledFigure, ...]
    throttle_reasons: tuple[str, ...]


def build_sampled_view(summary: TelemetrySummary | None) -> SampledView | None:
    """Return what is known; None where that is nothing."""
    if summary is None:
        return None
    known = ((quantity, getattr(summary, quantity)) for quantity in get_args(Quantity))
    figures = tuple(SampledFigure(name, value) for name, value in known if value is not None)
    if not figures and not summary.gpu_throttle_reasons:
        return None
    return SampledView(figures, summary.gpu_throttle_reasons)

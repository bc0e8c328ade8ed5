"""What was sampled beside the timed windows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.views.sampled_view import Quantity, SampledView

SAMPLED: dict[Quantity, tuple[str, str]] = {
    "gpu_utilisation_percent": ("GPU busy", "%"),
    "gpu_power_w": ("", "W"),
    "gpu_sm_clock_mhz": ("SM", "MHz"),
    "gpu_memory_clock_mhz": ("memory", "MHz"),
    "gpu_temperature_c": ("", "°C"),
    "host_cpu_percent": ("host CPU", "% of a core"),
    "host_other_cpu_percent": ("other processes", "% of a core"),
}
"""What each is called, where its unit alone does not tell, and its unit."""


def sampled(view: SampledView) -> str:
    """Return all that is known, in one line."""
    figures = []
    for figure in view.figures:
        label, unit = SAMPLED[figure.quantity]
        figures.append(f"{label} {units.reading(figure.value, unit)}".strip())
    if view.throttle_reasons:
        figures.append(limited(view.throttle_reasons))
    return ", ".join(figures)


def limited(reasons: Sequence[str]) -> str:
    """Say what limits the clocks."""
    return f"clocks limited by {', '.join(reasons)}"

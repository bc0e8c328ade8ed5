"""What was sampled in the last minute, as small moving graphs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units
from annt_prof.telemetry import columns
from annt_prof.telemetry.nvml import throttle_reasons
from annt_prof.views.page import Strip, Strips
from annt_prof.views.telemetry_quantities import QUANTITIES, sampled
from annt_prof.views.words.sampled import limited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.telemetry.series import Samples, Series
    from annt_prof.views.telemetry_quantities import Quantity

RECENT_S = 60
"""Seconds that the graphs reach back."""

PLACES = 120
"""Of each graph: half a second is the longest time between two samples of a quantity."""

_OF_DEVICE = (
    "gpu_utilisation_percent",
    "gpu_memory_gib",
    "gpu_power_w",
    "gpu_sm_clock_mhz",
    "gpu_temperature_c",
)
_OF_HOST = ("host_cpu_percent", "host_other_cpu_percent", "host_memory_gib")


def build_recent(series: Series) -> Strips:
    """Return the graphs of a device, or of the host where there is none.

    Args:
        series: Its end is what is shown.
    """
    by_key = {quantity.key: quantity for quantity in QUANTITIES}
    strips: list[Strip] = []
    for keys in (_OF_DEVICE, _OF_HOST):
        if not strips:
            found = ((by_key[key], sampled(series, by_key[key])) for key in keys)
            strips = [strip for q, s in found if s is not None and (strip := _strip(q, s, series))]
    return Strips(
        key="telemetry",
        title=f"The last {units.seconds_alone(RECENT_S)}",
        strips=tuple(strips),
        notes=tuple(_throttling(series)),
        empty="" if strips else "nothing was sampled yet",
        moving=True,
    )


def _strip(quantity: Quantity, samples: Samples, series: Series) -> Strip | None:
    end_ns = int(series.times_ns[-1])
    ages = (end_ns - samples.times_ns) / (RECENT_S * units.NS_PER_S / PLACES)
    known = (ages < PLACES) & np.isfinite(samples.values)
    places, values = PLACES - 1 - ages[known].astype(int), samples.values[known]
    if not len(values):
        return None
    lows, highs = np.full(PLACES, np.inf), np.full(PLACES, -np.inf)
    np.minimum.at(lows, places, values)
    np.maximum.at(highs, places, values)
    empty = ~np.isfinite(lows)
    lows[empty], highs[empty] = math.nan, math.nan
    least = float(values.min()) if quantity.least is None else quantity.least
    most = float(values.max()) if quantity.most is None else quantity.most
    ends = " to ".join(units.number(end, quantity.places) for end in (least, most))
    return Strip(
        name=quantity.name,
        lows=tuple(lows.tolist()),
        highs=tuple(highs.tolist()),
        text=f"{units.number(float(values[-1]), quantity.places)} {quantity.unit}",
        range_text=ends,
        least=least,
        most=most,
    )


def _throttling(series: Series) -> Iterator[str]:
    seen = series.samples.get(columns.GPU_THROTTLE_BITS)
    if seen is None:
        return
    recent = seen.times_ns > seen.times_ns[-1] - RECENT_S * units.NS_PER_S
    bits = seen.values[recent].astype(np.int64)
    now = throttle_reasons(int(bits[-1]))
    before = throttle_reasons(int(np.bitwise_or.reduce(bits)))
    if now:
        yield f"now: {limited([reason.replace('_', ' ') for reason in now])}"
    elif before:
        reasons = limited([reason.replace("_", " ") for reason in before])
        yield f"not now, but within this time: {reasons}"
    else:
        yield "nothing limits the clocks"

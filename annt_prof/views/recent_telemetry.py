"""What was sampled in the last minute, as small moving graphs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units
from annt_prof.telemetry import columns
from annt_prof.telemetry.nvml import throttle_reasons
from annt_prof.telemetry.series import LONGEST_GAP_NS
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


@dataclass(frozen=True)
class Recent:
    """What was sampled lately, and when that was looked at.

    Attributes:
        series: Of a run that goes on.
        now_ns: ``time.monotonic_ns`` of the run's machine; None where that is not known.
    """

    series: Series
    now_ns: int | None = None

    @property
    def end_ns(self) -> int:
        """Where the graphs end: now, or else the last row."""
        last_ns = int(self.series.times_ns[-1])
        return last_ns if self.now_ns is None else max(self.now_ns, last_ns)


def build_recent(recent: Recent) -> Strips:
    """Return the graphs of a device, or of the host where nothing is told of one.

    They move on while nothing is sampled. What was sampled last is no current value once it is
    older than the longest gap between two samples.

    Args:
        recent: With one row at least.
    """
    series, end_ns = recent.series, recent.end_ns
    by_key = {quantity.key: quantity for quantity in QUANTITIES}
    strips: list[Strip] = []
    for keys in (_OF_DEVICE, _OF_HOST):
        if not strips:
            found = ((by_key[key], sampled(series, by_key[key])) for key in keys)
            strips = [strip for q, s in found if s is not None and (strip := _strip(q, s, end_ns))]
    return Strips(
        key="telemetry",
        title=f"The last {units.seconds_alone(RECENT_S)}",
        strips=tuple(strips),
        notes=tuple(_throttling(series, end_ns)),
        empty="" if strips else "nothing was sampled in this time",
        moving=True,
    )


def _strip(quantity: Quantity, samples: Samples, end_ns: int) -> Strip | None:
    ages_ns = end_ns - samples.times_ns
    known = (ages_ns < RECENT_S * units.NS_PER_S) & np.isfinite(samples.values)
    ages_ns, values = ages_ns[known], samples.values[known]
    if not len(values):
        return None
    places = PLACES - 1 - ages_ns * PLACES // (RECENT_S * units.NS_PER_S)
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
        text=_last(quantity, float(values[-1]), int(ages_ns[-1])),
        range_text=ends,
        least=least,
        most=most,
    )


def _last(quantity: Quantity, value: float, age_ns: int) -> str:
    if age_ns > LONGEST_GAP_NS:
        return f"last {units.seconds(age_ns / units.NS_PER_S)} ago"
    return f"{units.number(value, quantity.places)} {quantity.unit}"


def _throttling(series: Series, end_ns: int) -> Iterator[str]:
    seen = series.samples.get(columns.GPU_THROTTLE_BITS)
    if seen is None:
        return
    recent = seen.times_ns > end_ns - RECENT_S * units.NS_PER_S
    bits = seen.values[recent].astype(np.int64)
    if not len(bits):
        return
    is_known = end_ns - int(seen.times_ns[-1]) <= LONGEST_GAP_NS
    now = _limits(int(bits[-1])) if is_known else ""
    before = _limits(int(np.bitwise_or.reduce(bits)))
    if now:
        yield f"now: {now}"
    elif before:
        yield f"{'not now, but ' if is_known else ''}within this time: {before}"
    elif is_known:
        yield "nothing limits the clocks"


def _limits(bits: int) -> str:
    """Say what limits the clocks; empty where nothing does."""
    reasons = throttle_reasons(bits)
    return limited([reason.replace("_", " ") for reason in reasons]) if reasons else ""

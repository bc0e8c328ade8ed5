"""What was sampled over a run: a chart for each quantity, with the windows on its time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import (
    Block,
    Cell,
    Chart,
    Column,
    Curve,
    Lines,
    Page,
    Row,
    Said,
    Sheet,
    Span,
    Tone,
)
from annt_prof.views.screens.names import Screen
from annt_prof.views.telemetry_quantities import QUANTITIES, sampled
from annt_prof.views.throttling import throttling_of
from annt_prof.views.words.sampled import SAMPLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.telemetry.series import Samples, Series
    from annt_prof.telemetry.summary import TelemetrySummary
    from annt_prof.views.sampled_view import Quantity as MeanQuantity
    from annt_prof.views.screens.source import RunSource
    from annt_prof.views.telemetry_quantities import Quantity
    from annt_prof.views.throttling import Throttling

OUTSIDE = "outside timed windows"
"""Where no window was timed: processes start, are built, traced or ended."""

_NONE = "-"
_MOST_STRETCHES = 4  # that are told one by one
_X_TITLE = "seconds since the first sample"


def build_telemetry_page(source: RunSource) -> Page:
    """Return what was sampled of a run."""
    return Page(Screen.TELEMETRY, source.title, tuple(_blocks(source.run, source.telemetry)))


def _blocks(run: Run, series: Series) -> Iterator[Block]:
    if not len(series.times_ns):
        text = f"no telemetry was kept with this run; it notes: {run.telemetry_note}"
        yield Lines("sampled", "", (Said(text, tone=Tone.UNSURE),))
        yield _means(run)
        return
    first_ns = int(series.times_ns[0])
    known = [(quantity, sampled(series, quantity)) for quantity in QUANTITIES]
    yield Lines("sampled", "", tuple(_said(run, series, known)))
    found = throttling_of(series)
    if found is not None:
        yield Lines("throttling", "Limits on the clocks", tuple(_limits(found, first_ns)))
    yield _means(run)
    spans = tuple(_spans(run, first_ns, int(series.times_ns[-1])))
    for quantity, samples in known:
        if samples is not None and len(samples.times_ns):
            yield _chart(quantity, samples, spans, first_ns)


def _said(run: Run, series: Series, known: list[tuple[Quantity, Samples | None]]) -> Iterator[Said]:
    yield Said(run.telemetry_note, "sampled")
    num, times = len(series.times_ns), series.times_ns
    lasted_s = float(times[-1] - times[0]) / units.NS_PER_S
    rows = units.count(num, "sample")
    yield Said(f"{rows} in {units.seconds(lasted_s)}; rates are told over half a second", "extent")
    missing = [quantity for quantity, samples in known if samples is None]
    if missing:
        names = ", ".join(quantity.name for quantity in missing)
        yield Said(f"{names}: this machine does not tell", "not shown", Tone.QUIET)


def _limits(found: tuple[Throttling, ...], first_ns: int) -> Iterator[Said]:
    if not found:
        yield Said("none was seen: clocks were as high as the device sets them", tone=Tone.GOOD)
    for limit in found:
        num = len(limit.stretches_ns)
        lasted_ns = sum(end - start for start, end in limit.stretches_ns)
        told = ", ".join(
            f"{_second(start, first_ns)} to {_second(end, first_ns)} s"
            for start, end in limit.stretches_ns[:_MOST_STRETCHES]
        )
        more = f" and {num - _MOST_STRETCHES} more" if num > _MOST_STRETCHES else ""
        text = (
            f"{limit.reason.replace('_', ' ')}: in {units.percent(limit.share)} of the samples, "
            f"{units.seconds_alone(lasted_ns / units.NS_PER_S, 1)} in "
            f"{units.count(num, 'stretch', 'stretches')}: {told}{more}"
        )
        yield Said(text, tone=Tone.BAD)


def _second(time_ns: int, first_ns: int) -> str:
    return units.number((time_ns - first_ns) / units.NS_PER_S, 1)


def _spans(run: Run, first_ns: int, last_ns: int) -> Iterator[Span]:
    """Yield the timed windows within the samples: clocks of another machine do not meet them.

    Without the switch-in before them, as the means are told over the rest.
    """
    for variant in run.variants:
        for window in variant.windows:
            timed_ns = window.ended_ns - window.wall_ns
            if window.ended_ns >= first_ns and timed_ns <= last_ns:
                start, end = (
                    (at - first_ns) / units.NS_PER_S for at in (timed_ns, window.ended_ns)
                )
                yield Span(variant.name, start, end)


def _chart(quantity: Quantity, samples: Samples, spans: tuple[Span, ...], first_ns: int) -> Chart:
    xs = ((samples.times_ns - first_ns) / units.NS_PER_S).tolist()
    ys = samples.values.tolist()
    last = next((y for y in reversed(ys) if y == y), None)
    text = "" if last is None else f"{units.number(last, quantity.places)} {quantity.unit}"
    return Chart(
        key=quantity.key,
        title=quantity.name,
        x_title=_X_TITLE,
        y_title=quantity.unit,
        curves=(Curve(quantity.name, tuple(xs), tuple(ys), last=text),),
        spans=spans,
        x_unit="s",
        x_places=2,
        y_unit=quantity.unit,
        y_places=quantity.places,
        least=quantity.least,
        most=quantity.most,
        short=quantity.short,
    )


_MEANINGS: dict[MeanQuantity, str] = {
    "gpu_utilisation_percent": (
        "Share of the time in which a kernel ran, by the device's own sampling."
    ),
    "gpu_power_w": "Power of the whole device, from its energy counter where it has one.",
    "gpu_sm_clock_mhz": "Clock of the device's multiprocessors.",
    "gpu_memory_clock_mhz": "Clock of the device's memory.",
    "gpu_temperature_c": "Temperature of the device.",
    "host_cpu_percent": "CPU time of the run's processes; 100 is one core.",
    "host_other_cpu_percent": "CPU time of everything else on the machine; 100 is one core.",
}


def _means(run: Run) -> Sheet:
    summaries = {v.name: v.telemetry for v in run.variants if v.telemetry is not None}
    shown = [
        name for name in _MEANINGS if any(getattr(s, name) is not None for s in summaries.values())
    ]
    reasons = any(summary.gpu_throttle_reasons for summary in summaries.values())
    columns = [
        Column("variant", "variant", "One set of techniques; the baseline has none.", False, True),
        *(Column(name, " ".join(SAMPLED[name]).strip(), _MEANINGS[name]) for name in shown),
    ]
    if reasons:
        meaning = "Every limit on the clocks that was seen in the variant's timed windows."
        columns.append(Column("limits", "clocks limited by", meaning, False))
    meaning = "Rows of telemetry within the variant's timed windows."
    columns.append(Column("samples", "samples", meaning))
    return Sheet(
        key="means",
        title="Means over the timed windows",
        columns=tuple(columns),
        rows=tuple(
            _row(v, summaries[v.name], shown, reasons=reasons)
            for v in run.variants
            if v.name in summaries
        ),
        empty="nothing was sampled within timed windows",
    )


def _row(
    variant: VariantRecord,
    summary: TelemetrySummary,
    shown: list[MeanQuantity],
    *,
    reasons: bool,
) -> Row:
    cells = [Cell(variant.name, variant.name, Tone.STRONG)]
    for name in shown:
        value: float | None = getattr(summary, name)
        text = _NONE if value is None else units.number(value)
        cells.append(Cell(text, value, Tone.QUIET if value is None else Tone.PLAIN))
    if reasons:
        text = ", ".join(r.replace("_", " ") for r in summary.gpu_throttle_reasons)
        cells.append(Cell(text or _NONE, text, Tone.BAD if text else Tone.QUIET))
    cells.append(Cell(units.whole(summary.num_samples), summary.num_samples))
    return Row(variant.name, tuple(cells))

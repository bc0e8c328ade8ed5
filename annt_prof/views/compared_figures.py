"""A variant's figures beside another one's: each in one unit, with what it grew or shrank by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.compare.figures import of_one_measure, takes_starts_in
from annt_prof.runs.verdict import Effect
from annt_prof.views.changes import direction, relative, signed
from annt_prof.views.page import Cell, Column, Row, Sheet, Tone
from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runs.record import VariantRecord
    from annt_prof.runs.verdict import Verdict
    from annt_prof.views.changes import Direction
    from annt_prof.views.pair import Pair

_NONE = "-"
_FASTER: dict[str, Direction] = {"step_time_ns": "shrank", "throughput": "grew"}
"""Which way the figures go that the speedup's verdict is on, in a faster variant."""
_OPEN = frozenset({Effect.INCONCLUSIVE, Effect.NO_INTERVAL})


@dataclass(frozen=True)
class Figure:
    """One figure of both.

    Attributes:
        key: With the unit of its values.
        title: With the unit in which it is printed.
        before, after: None where it is not known.
        scale: Of its unit in that of its values.
        places: Decimals; as many as its size asks for, unless given.
        relative: Whether a change in percent of it means anything.
        comparable: Whether the two are of one measure; else there is no change to be told.
    """

    key: str
    title: str
    before: float | None
    after: float | None
    scale: float = 1.0
    places: int | None = None
    relative: bool = True
    comparable: bool = True


def build_figures(pair: Pair, verdict: Verdict | None, *, per_sample: bool) -> Sheet:
    """Return everything that is one number of a variant.

    Only what an interval tells is good or bad; all else grew or shrank, and may be noise.

    Args:
        pair: Of variants.
        verdict: On the second against the first; None where there is none.
        per_sample: Whether times of an iteration are told per sample, as batches differ.
    """
    first, second = pair.first.variant, pair.second.variant
    figures = (*_times(first, second, per_sample=per_sample), *_others(first, second))
    figures = (*figures, *_sampled(first, second))
    known = [f for f in figures if f.before is not None or f.after is not None]
    return Sheet(
        key="figures",
        title="Figures",
        columns=(
            Column("figure", "figure", "What it is, with its unit.", False),
            Column("before", "first", "Of the first variant."),
            Column("after", "second", "Of the second variant."),
            Column("change", "change", "The second less the first."),
            Column(
                "fraction",
                "of first",
                "The change as a share of the first's figure; 12x: 12 times as much.",
            ),
            Column(
                "direction",
                "it",
                "Which way it went; the same where both read the same.",
                False,
            ),
        ),
        rows=tuple(_row(figure, verdict) for figure in known),
        notes=tuple(_notes(first, second)),
        empty="" if known else "neither variant has any figure",
    )


def two_measures(first: VariantRecord, second: VariantRecord) -> str | None:
    """Say why the timed figures of the two are not to be compared; None where they are."""
    timed = first.step_time is not None and second.step_time is not None
    if not timed or of_one_measure(first, second):
        return None
    lacks, has = ("second", "first") if takes_starts_in(first) else ("first", "second")
    return (
        f"the step of the {lacks} lacks its part of the epoch's start and is of the middle of an "
        f"epoch alone, and that of the {has} takes it in"
    )


def _notes(first: VariantRecord, second: VariantRecord) -> Iterator[str]:
    yield f"peak memory: {_of_what(first, second)}; what is sampled: means over timed windows"
    why = two_measures(first, second)
    if why is not None:
        yield f"no change of step time and throughput: {why}"


def _times(first: VariantRecord, second: VariantRecord, *, per_sample: bool) -> Iterator[Figure]:
    unit = "ms per sample" if per_sample else "ms per iteration"

    def figure(key: str, title: str, *times_ns: float | None, comparable: bool = True) -> Figure:
        parts = (first.samples_per_iteration, second.samples_per_iteration)
        before, after = (
            None if ns is None else ns / (samples if per_sample else 1)
            for ns, samples in zip(times_ns, parts, strict=True)
        )
        named = f"{title}, {unit}"
        return Figure(key, named, before, after, units.NS_PER_MS, comparable=comparable)

    alike = two_measures(first, second) is None
    timed = [None if v.step_time is None else v.step_time.mean_ns for v in (first, second)]
    traced = [None if v.breakdown is None else v.breakdown.step_ns for v in (first, second)]
    yield figure("step_time_ns", "step time", *timed, comparable=alike)
    if not (alike or _holds_epochs(first) or _holds_epochs(second)):
        within = [None if v.step_time is None else v.step_time.within_epoch_ns
                  for v in (first, second)]  # fmt: skip
        yield figure("within_epoch_ns", "step time in mid-epoch", *within)
    yield figure("traced_step_ns", "traced step", *traced)
    yield Figure(
        "profiler_inflation_percent", "profiler inflation, %",
        _percent(first.profiler_inflation), _percent(second.profiler_inflation),
        places=1, relative=False,
    )  # fmt: skip


def _holds_epochs(variant: VariantRecord) -> bool:
    """Whether windows hold whole epochs, so that none of them is of the middle of one."""
    return variant.epochs is not None and variant.epochs.in_windows


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100


def _others(first: VariantRecord, second: VariantRecord) -> Iterator[Figure]:
    yield Figure(
        "throughput", "throughput, samples/s", first.throughput, second.throughput,
        comparable=two_measures(first, second) is None,
    )  # fmt: skip
    yield _memory("peak_memory_bytes", "peak memory",
                  first.peak_memory_bytes, second.peak_memory_bytes)  # fmt: skip
    yield Figure(
        "energy_per_sample_j", "energy, J per sample",
        first.energy_per_sample_j, second.energy_per_sample_j,
    )  # fmt: skip
    yield Figure("first_step_s", "very first step, s", first.first_step_s, second.first_step_s)


def _of_what(first: VariantRecord, second: VariantRecord) -> str:
    kinds = dict.fromkeys(v.peak_memory_of for v in (first, second) if v.peak_memory_of)
    return " against ".join(kinds) or "of what is not told"


def _memory(key: str, title: str, before: int | None, after: int | None) -> Figure:
    unit = units.memory_unit([before or 0, after or 0])
    named = f"{title}, {unit.name}"
    return Figure(key, named, before, after, unit.size_bytes, unit.places)


_SAMPLED = (
    ("gpu_utilisation_percent", "device busy, %", 1.0),
    ("gpu_power_w", "device power, W", 1.0),
    ("gpu_sm_clock_mhz", "SM clock, MHz", 1.0),
    ("gpu_memory_clock_mhz", "memory clock, MHz", 1.0),
    ("gpu_temperature_c", "temperature, °C", 1.0),
    ("gpu_pcie_rx_bytes_per_s", "PCIe to the device, GB/s", 1e9),
    ("gpu_pcie_tx_bytes_per_s", "PCIe from the device, GB/s", 1e9),
    ("host_cpu_percent", "CPU of the run, % of a core", 1.0),
    ("host_other_cpu_percent", "CPU of others, % of a core", 1.0),
)

_OF_NO_SHARE = frozenset(
    {"gpu_utilisation_percent", "gpu_temperature_c", "host_cpu_percent", "host_other_cpu_percent"}
)
"""A percentage of these would be one of percents, or of degrees from a zero that means nothing."""


def _sampled(first: VariantRecord, second: VariantRecord) -> Iterator[Figure]:
    """Yield means over the timed windows of what was sampled beside them."""
    summaries = (first.telemetry, second.telemetry)
    for key, title, scale in _SAMPLED:
        before, after = (None if s is None else getattr(s, key) for s in summaries)
        yield Figure(key, title, before, after, scale, relative=key not in _OF_NO_SHARE)
    held = (("gpu_memory_bytes", "device memory"), ("host_memory_bytes", "processes' memory"))
    for key, title in held:
        before, after = (None if s is None else getattr(s, key) for s in summaries)
        yield _memory(key, title, before, after)


class _Texts(msgspec.Struct, frozen=True):
    before: str
    after: str
    change: str


def _row(figure: Figure, verdict: Verdict | None) -> Row:
    before, after = figure.before, figure.after
    name = Cell(figure.title, figure.key)
    if before is None or after is None or not figure.comparable:
        places = _places(figure)
        known = [_value(figure, value, places) for value in (before, after)]
        return Row(figure.key, (name, *known, *(Cell(_NONE, None, Tone.QUIET),) * 3))
    places, change = _places(figure), after - before
    texts = _Texts(*(units.number(v / figure.scale, places) for v in (before, after, change)))
    way = direction(texts.before, texts.after, change)
    fraction = share_of(change, before) if figure.relative else None
    tone = _tone(figure, way, verdict)
    return Row(
        figure.key,
        (
            name,
            Cell(texts.before, before),
            Cell(texts.after, after),
            Cell(signed(texts.change, change) if way != "same" else "0", change, tone),
            _fraction(None if way == "same" else fraction, tone),
            Cell(way, way, tone),
        ),
    )


def _places(figure: Figure) -> int:
    if figure.places is not None:
        return figure.places
    largest = max(abs(value or 0.0) for value in (figure.before, figure.after))
    return units.decimals(largest / figure.scale)


def _value(figure: Figure, value: float | None, places: int) -> Cell:
    if value is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(units.number(value / figure.scale, places), value)


def _fraction(fraction: float | None, tone: Tone) -> Cell:
    if fraction is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(relative(fraction), fraction, tone)


def _tone(figure: Figure, way: Direction, verdict: Verdict | None) -> Tone:
    if way == "same":
        return Tone.QUIET
    if verdict is None or figure.key not in _FASTER:
        return Tone.PLAIN
    faster = way == _FASTER[figure.key]
    # Means of a step may go another way than what pairs by round.
    if verdict.effect is (Effect.FASTER if faster else Effect.SLOWER):
        return Tone.GOOD if faster else Tone.BAD
    return Tone.UNSURE if verdict.effect in _OPEN else Tone.PLAIN

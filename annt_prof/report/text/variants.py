"""The table of variants, each with what its interval shows and what it changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.compare.verdict import floor_of
from annt_prof.compare.wording import phrase
from annt_prof.plan import BASELINE
from annt_prof.report.text.lines import Hanging, heading, indented, left, plain, right
from annt_prof.runs.verdict import Effect
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from annt_prof.remarks import Mathematics
    from annt_prof.runs.record import Run, StepTime, VariantRecord

_WIDEST_NAME = 21  # with every column of figures this fills 80 cells
_GAP = "  "
_APART = 0.05  # of a ratio; less is within what any of them varies by
_STYLES = {
    Effect.FASTER: "green",
    Effect.SLOWER: "red",
    Effect.NO_MEASURABLE_EFFECT: "bold",
    Effect.INCONCLUSIVE: "yellow",
    Effect.NO_INTERVAL: "yellow",
}


class _Column(NamedTuple):
    """One column: a heading of two lines above one cell for each measured variant."""

    top: str
    bottom: str
    cells: list[str]

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.top, self.bottom, *self.cells)))


def variants(run: Run) -> RenderableType:
    """Return the table of a run with every statistic filled in."""
    measured = [v for v in run.variants if v.step_time is not None]
    columns = _columns(measured)
    longest = max((cell_len(printable(v.name)) for v in run.variants), default=0)
    width = min(max(longest, len("variant")), _WIDEST_NAME)
    rows = {v.name: [c.cells[i] for c in columns] for i, v in enumerate(measured)}
    parts: list[RenderableType] = list(_head(columns, width)) if measured else [heading("Variants")]
    said: set[Mathematics] = set()
    floor = floor_of(run.variants)
    for variant in run.variants:
        if variant.name in rows:
            parts += _figures(variant.name, rows[variant.name], columns, width)
            parts += [indented(line) for line in _findings(variant, said)]
        else:
            parts.append(_without_figures(variant, width, run.variants[0]))
    parts += [Text(), *(indented(plain(note, "dim"), 0) for note in _notes(measured, floor))]
    return Group(*parts)


def _columns(measured: list[VariantRecord]) -> list[_Column]:
    """Return the columns that these variants can fill, each with one unit."""
    times = [v.step_time for v in measured if v.step_time is not None]
    memory = units.memory_unit(v.peak_memory_bytes or 0 for v in measured)
    energies = [v.energy_per_sample_j for v in measured]
    columns = [
        _Column("samples", "per s", units.throughputs([v.throughput or 0 for v in measured])),
        *_step_columns(times),
        _Column("speed-", "up", [_speedup(v) for v in measured]),
        _Column("peak", memory.name, [_memory(v, memory) for v in measured]),
    ]
    if any(energy is not None for energy in energies):
        cells = ["-" if energy is None else units.joules(energy) for energy in energies]
        columns.append(_Column("J per", "sample", cells))
    return columns


def _step_columns(times: list[StepTime]) -> Iterator[_Column]:
    places = units.duration_decimals(t.p95 for t in times)
    quantiles = {"p05": [t.p05 for t in times], "p95": [t.p95 for t in times]}
    means = [units.milliseconds(t.mean, places) for t in times]
    yield _Column("step ms", "mean", means)
    for name, durations in quantiles.items():
        yield _Column("", name, [units.milliseconds(ns, places) for ns in durations])


def _speedup(variant: VariantRecord) -> str:
    return "-" if variant.speedup is None else units.ratio(variant.speedup.ratio)


def _memory(variant: VariantRecord, unit: units.MemoryUnit) -> str:
    return "-" if variant.peak_memory_bytes is None else unit.format(variant.peak_memory_bytes)


def _head(columns: Iterable[_Column], width: int) -> Iterator[Text]:
    tops = [left("", width), *(right(c.top, c.width) for c in columns)]
    bottoms = [left("variant", width), *(right(c.bottom, c.width) for c in columns)]
    yield Text(_GAP.join(tops), style="bold")
    yield Text(_GAP.join(bottoms), style="bold underline")


def _figures(name: str, cells: list[str], columns: list[_Column], width: int) -> list[Text]:
    """Return a variant's row; a name that is too long takes a line of its own."""
    texts = [right(text, column.width) for text, column in zip(cells, columns, strict=True)]
    label = printable(name)
    if cell_len(label) > width:
        return [plain(name, "bold"), Text(_GAP.join([left("", width), *texts]))]
    return [
        Text.assemble((left(label, width), "bold"), _GAP, _GAP.join(texts)),
    ]


def _without_figures(variant: VariantRecord, width: int, baseline: VariantRecord) -> RenderableType:
    label = plain(variant.name, "bold")
    column = max(width, label.cell_len) + len(_GAP)
    return Hanging(label, plain(_status(variant, baseline), "red"), column)


def _status(variant: VariantRecord, baseline: VariantRecord) -> str:
    """Say why there are no figures; what the baseline's row has said is not said again."""
    told = (baseline.status, baseline.reason)
    if (
        variant is not baseline
        and variant.status == "crashed"
        and told == ("crashed", variant.reason)
    ):
        return "crashed as the baseline did"
    reason = f": {variant.reason}" if variant.reason else ""
    if variant.status == "measured":
        return "no window was measured"
    if variant.status == "out_of_memory":
        return f"out of memory{reason}"
    return f"{variant.status.replace('_', ' ')}{reason}"


def _findings(variant: VariantRecord, said: set[Mathematics]) -> Iterator[Text]:
    """Yield what is known of a variant beside its figures; mathematics already said is not."""
    if variant.name == BASELINE:
        return
    if variant.factors != (variant.name,):
        yield plain(_mix(variant), "dim")
    if variant.speedup is None or variant.verdict is None:
        yield plain("no speedup: the baseline has no window in the same round", "yellow")
    else:
        said_of_it = phrase(variant.verdict, variant.speedup)
        yield plain(said_of_it, _STYLES[variant.verdict.effect])
    fresh = [change for change in variant.mathematics if change not in said]
    said.update(fresh)
    for change in fresh:
        sentence = change.text if change.about == variant.name else change.sentence
        yield plain(f"what changes in the mathematics: {sentence}", "dim")
    if variant.mathematics and not fresh:
        yield plain("what changes in the mathematics: all that its techniques change", "dim")


def _mix(variant: VariantRecord) -> str:
    without = f", without {', '.join(variant.left_out)}" if variant.left_out else ""
    return f"= {' + '.join(variant.factors)}{without}"


def _notes(measured: list[VariantRecord], floor: float) -> Iterator[str]:
    """Yield what each column's figures are of."""
    samples = sorted({v.samples_per_iteration for v in measured})
    if not samples:
        return
    each = " or ".join(map(str, samples))
    windows = sorted({v.step_time.n for v in measured if v.step_time is not None})
    spread = (
        units.count(windows[0], "window")
        if len(windows) == 1
        else f"{windows[0]} to " + (units.count(windows[-1], "window"))
    )
    yield (
        f"step: one iteration of {each} samples, wall time without profiler: whole windows over "
        f"their iterations, {spread}, {_of_launch(measured)} of each launch, and the mean of "
        f"these; p05 and p95 are of single steps{_starts_in_steps(measured)}."
    )
    yield from _epochs(measured)
    yield (
        "speedup: the baseline's time per sample over the variant's, from windows paired by round; "
        "its interval is over launches, each a fresh process of every variant."
    )
    yield from _apart(measured)
    yield (
        f"an effect within {units.percent(floor)} is called none, even where its interval leaves "
        "1 out."
    )
    owners = sorted({v.peak_memory_of for v in measured if v.peak_memory_of is not None})
    if owners:
        of = owners[0] if len(owners) == 1 else "; ".join(_owned(owners, measured))
        yield f"peak: highest memory over the timed windows; of: {of}."


def _apart(measured: list[VariantRecord]) -> Iterator[str]:
    """Yield where throughputs by themselves come to another ratio than pairs of windows do."""
    base = next((v.throughput for v in measured if v.name == BASELINE), None)
    for variant in measured:
        if base is None or variant.speedup is None or variant.throughput is None:
            continue
        columns = variant.throughput / base
        if abs(math.log(columns / variant.speedup.ratio)) > _APART:
            yield (
                f"{printable(variant.name)}: samples per s come to {units.ratio(columns)}, not to "
                f"{units.ratio(variant.speedup.ratio)}: what slowed the whole machine for a while "
                "is in them, and cancels in pairs: read the speedup, with its interval."
            )


def _owned(owners: list[str], measured: list[VariantRecord]) -> Iterator[str]:
    """Yield each kind of memory with its variants: one kind is not to be compared with another."""
    for owner in owners:
        names = ", ".join(v.name for v in measured if v.peak_memory_of == owner)
        yield f"{owner} ({names})"


def _of_launch(measured: list[VariantRecord]) -> str:
    """Return which figure of its windows a launch counts with."""
    if any(variant.uneven for variant in measured):
        return "the mean (long steps are in some windows more than in others)"
    return "the median"


def _starts_in_steps(measured: list[VariantRecord]) -> str:
    """Say that single steps lack epochs' starts, where these do not lie within windows."""
    within = any(v.epochs is not None and v.epochs.in_windows for v in measured)
    return "" if within else ", without epochs' starts"


def _epochs(measured: list[VariantRecord]) -> Iterator[str]:
    """Yield how the figures take epochs' starts in, where that is anything to tell."""
    for variant in measured:
        epochs, time = variant.epochs, variant.step_time
        if epochs is not None and time is not None and time.epoch_start > 0:
            yield (
                f"{printable(variant.name)}: the start of an epoch, once in "
                f"{units.count(epochs.iterations, 'iteration')}, takes "
                f"{units.duration(time.epoch_start * epochs.iterations)}; that is "
                f"{units.percent(time.epoch_start / time.mean)} of its step time."
            )
    lengths = {v.epochs.iterations for v in measured if v.epochs and v.epochs.in_windows}
    if lengths:
        each = " or ".join(map(str, sorted(lengths)))
        yield f"each window holds whole epochs, of {each} iterations, with their starts."

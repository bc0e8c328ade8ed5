"""The table of variants, each with what its interval shows and what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.compare.wording import phrase, without_figures
from annt_prof.report.text.lines import Hanging, heading, indented, left, plain, right
from annt_prof.runs.verdict import Effect
from annt_prof.text import printable
from annt_prof.views.words.table_notes import notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from annt_prof.runs.record import StepTime
    from annt_prof.views.run_view import RunView
    from annt_prof.views.variant_rows import TableColumns, VariantRow

_WIDEST_NAME = 21  # with every column of figures this fills 80 cells
_GAP = "  "
_NONE = "-"
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


def variants(view: RunView, width: int) -> RenderableType:
    """Return the table of a run.

    Args:
        view: Of a run.
        width: Cells per line; columns that find no room stand in a table of their own below.
    """
    measured = [(row, row.step_time) for row in view.rows if row.step_time is not None]
    columns = list(_columns(measured, view.columns))
    longest = max((cell_len(printable(row.name)) for row in view.rows), default=0)
    label = min(max(longest, len("variant")), _WIDEST_NAME)
    beside, *below = _grouped(columns, width - label)
    places = {row.name: place for place, (row, _) in enumerate(measured)}
    parts: list[RenderableType] = list(_head(beside, label)) if measured else [heading("Variants")]
    for row in view.rows:
        if row.name in places:
            parts += _figures(row.name, places[row.name], beside, label)
            parts += [indented(line) for line in _below(row)]
        else:
            parts.append(_without_figures(row, label))
    for group in below:
        parts += [Text(), *_head(group, label)]
        for name, place in places.items():
            parts += _figures(name, place, group, label)
    if view.notes is not None:
        parts.append(Text())
        parts += [indented(plain(note, "dim"), 0) for note in notes(view.notes)]
    return Group(*parts)


def _columns(
    measured: list[tuple[VariantRow, StepTime]], shared: TableColumns
) -> Iterator[_Column]:
    """Yield the columns that these variants can fill, each with one unit."""
    rows, times = [row for row, _ in measured], [time for _, time in measured]
    memory, places = shared.memory_unit, shared.duration_decimals
    throughputs = [_throughput(row.throughput, shared.throughput_decimals) for row in rows]
    yield _Column("samples", "per s", throughputs)
    yield _Column("step ms", "mean", [units.milliseconds(t.mean_ns, places) for t in times])
    yield _Column("", "p05", [units.milliseconds(t.p05_ns, places) for t in times])
    yield _Column("", "p95", [units.milliseconds(t.p95_ns, places) for t in times])
    yield _Column("speed-", "up", [_speedup(row) for row in rows])
    yield _Column("peak", memory.name, [_memory(row, memory) for row in rows])
    if shared.has_energy:
        yield _Column("J per", "sample", [_energy(row) for row in rows])


def _grouped(columns: Sequence[_Column], room: int) -> list[list[_Column]]:
    """Share the columns out among tables that fit; a table has one of them at least."""
    groups: list[list[_Column]] = [[]]
    taken = 0
    for column in columns:
        needed = len(_GAP) + column.width
        if groups[-1] and taken + needed > room:
            groups.append([])
            taken = 0
        groups[-1].append(column)
        taken += needed
    return groups


def _throughput(samples_per_s: float | None, places: int) -> str:
    return _NONE if samples_per_s is None else units.throughput(samples_per_s, places)


def _speedup(row: VariantRow) -> str:
    return _NONE if row.speedup is None else units.ratio(row.speedup.ratio)


def _memory(row: VariantRow, unit: units.MemoryUnit) -> str:
    return _NONE if row.peak_memory_bytes is None else unit.format(row.peak_memory_bytes)


def _energy(row: VariantRow) -> str:
    return _NONE if row.energy_per_sample_j is None else units.joules(row.energy_per_sample_j)


def _head(columns: Iterable[_Column], width: int) -> Iterator[Text]:
    tops = [left("", width), *(right(c.top, c.width) for c in columns)]
    bottoms = [left("variant", width), *(right(c.bottom, c.width) for c in columns)]
    yield Text(_GAP.join(tops).rstrip(), style="bold")
    yield Text(_GAP.join(bottoms), style="bold underline")


def _figures(name: str, place: int, columns: list[_Column], width: int) -> list[Text]:
    """Return a variant's row; a name that is too long takes a line of its own."""
    texts = [right(column.cells[place], column.width) for column in columns]
    label = printable(name)
    if cell_len(label) > width:
        return [plain(name, "bold"), Text(_GAP.join([left("", width), *texts]))]
    return [Text.assemble((left(label, width), "bold"), _GAP, _GAP.join(texts))]


def _without_figures(row: VariantRow, width: int) -> RenderableType:
    label = plain(row.name, "bold")
    column = max(width, label.cell_len) + len(_GAP)
    return Hanging(label, plain(_status(row), "red"), column)


def _status(row: VariantRow) -> str:
    """Say why there are no figures; what the baseline's row has said is not said again."""
    if row.as_the_baseline:
        return "crashed as the baseline did"
    return without_figures(row.status, row.reason)


def _below(row: VariantRow) -> Iterator[Text]:
    """Yield what is known of a variant beside its figures; of the baseline that is nothing."""
    if row.is_baseline:
        return
    if row.mix:
        without = f", without {', '.join(row.left_out)}" if row.left_out else ""
        yield plain(f"= {' + '.join(row.mix)}{without}", "dim")
    if row.speedup is None or row.verdict is None:
        why = (
            "its step leaves an epoch's start out"
            if row.of_mid_epoch_alone
            else "the baseline has no window in the same round"
        )
        yield plain(f"no speedup: {why}", "yellow")
    else:
        yield plain(phrase(row.verdict, row.speedup), _STYLES[row.verdict.effect])
    for change in row.new_mathematics:
        yield plain(f"what changes in the mathematics: {change}", "dim")
    if row.mathematics_all_said:
        yield plain("what changes in the mathematics: all that its techniques change", "dim")

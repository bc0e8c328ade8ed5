"""The answer on one screen: what was run on what, the verdicts, where the step goes, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.wording import phrase, without_figures
from annt_prof.errors import UserError
from annt_prof.explain.agreement import in_words
from annt_prof.explain.recommendation import most_telling, recommend
from annt_prof.views.page import (
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Lines,
    Page,
    Part,
    Row,
    Said,
    Sheet,
    Tone,
)
from annt_prof.views.screens.names import Screen
from annt_prof.views.tones import EFFECT_TONES
from annt_prof.views.words.setting import facts, remark
from annt_prof.views.words.table_notes import notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import VariantStatus
    from annt_prof.views.breakdown_view import BreakdownView
    from annt_prof.views.run_view import RunView
    from annt_prof.views.screens.source import RunSource
    from annt_prof.views.variant_rows import TableColumns, VariantRow

_NONE = "-"
_STATUS_TONES: dict[VariantStatus, Tone] = {
    "measured": Tone.UNSURE,  # and yet without figures
    "not_applicable": Tone.QUIET,
    "out_of_memory": Tone.BAD,
    "crashed": Tone.BAD,
    "not_measured": Tone.UNSURE,
}
_WHY_NO_BARS = {
    "not_traced": "no variant was traced",
    "unreadable": "the traces hold no breakdown; each variant's remarks say why",
}


def build_overview_page(source: RunSource, explanation: Explanation | None) -> Page:
    """Return the answer of a run.

    Args:
        source: Of a run, finished or not.
        explanation: Of the same run; None where it is not there yet.
    """
    view = source.run_view
    return Page(Screen.OVERVIEW, source.title, tuple(_blocks(source, view, explanation)))


def _blocks(source: RunSource, view: RunView, explanation: Explanation | None) -> Iterator[Block]:
    if not view.complete:
        yield Lines("incomplete", "", (Said(f"INCOMPLETE: {view.stop}", tone=Tone.BAD),))
    if view.caveats.not_as_asked:
        said = tuple(Said(text, tone=Tone.UNSURE) for text in view.caveats.not_as_asked)
        yield Lines("not_as_asked", "Not as the scenario asks", said)
    yield Lines("answer", "In short", tuple(_answer(source, explanation)))
    yield from _budgets(source)
    yield _variants(view)
    yield _bars(view.breakdown)
    stopped = (Said(view.stop, "stopped"),) if view.complete else ()
    setting = tuple(Said(text, label) for label, text in facts(view.setting, "see above"))
    yield Lines("setting", "What was run on what", (*setting, *stopped))
    if view.caveats.remarks:
        remarks = tuple(Said(remark(row)) for row in view.caveats.remarks)
        yield Lines("remarks", "To know before believing a figure", remarks)
    if view.notes is not None:
        said = tuple(Said(note, tone=Tone.QUIET) for note in notes(view.notes))
        yield Lines("notes", "What the figures are of", said)


def _budgets(source: RunSource) -> Iterator[Block]:
    try:
        result = source.check
    except UserError as error:
        yield Lines("budgets", "Budgets", (Said(str(error), tone=Tone.BAD),))
        return
    if result is not None:
        # Few runs are checked; the others need nothing of it.
        from annt_prof.views.budgets_sheet import build_budgets_sheet
        from annt_prof.views.check_view import build_check_view

        yield build_budgets_sheet(build_check_view(result))


def _answer(source: RunSource, explanation: Explanation | None) -> Iterator[Said]:
    run = source.run
    if not run.complete and not any(variant.windows for variant in run.variants):
        text = "nothing was measured" if source.is_over else "nothing is measured yet"
        yield Said(text, tone=Tone.QUIET)
        return
    if run.reference is not None:
        # No technique is in question, and what grew stands with the budgets.
        for variant in run.variants[1:]:
            if variant.verdict is not None and variant.speedup is not None:
                told = f"{variant.name}: {phrase(variant.verdict, variant.speedup)}"
                yield Said(told, f"beside {run.reference}")
        return
    best = recommend(run)
    if best is None:
        yield Said("nothing that was measured is certainly faster than the baseline", "use")
    else:
        named = " + ".join(best.factors)
        yield Said(f"{named}: {phrase(best.verdict, best.speedup)}", "use", Tone.GOOD)
        changes = "; ".join(change.sentence for change in best.mathematics)
        if changes:
            yield Said(changes, "it changes", Tone.QUIET)
    if explanation is None:
        yield Said("being worked out ...", "why", Tone.QUIET)
        return
    telling = most_telling(explanation, best)
    for label, technique in (("why", telling.why), ("beside it", telling.beside)):
        if technique is not None:
            yield Said(f"{technique.name}: {technique.reason}", label)


def _variants(view: RunView) -> Sheet:
    return Sheet(
        key="variants",
        title="Variants",
        columns=tuple(_columns(view.columns)),
        rows=tuple(_row(row, view.columns) for row in view.rows),
        notes=tuple(_variant_notes(view)),
    )


def _variant_notes(view: RunView) -> Iterator[str]:
    for row in view.rows:
        if row.step_time is None:
            yield f"{row.name}: {without_figures(row.status, row.reason)}"
        elif row.of_mid_epoch_alone:
            yield (
                f"{row.name}: its step time and samples/s are of the middle of an epoch alone, and "
                "the baseline's take the start in: not to be compared"
            )


def _columns(shared: TableColumns) -> Iterator[Column]:
    yield Column("variant", "variant", "One set of techniques; the baseline has none.", False, True)
    yield Column(
        "verdict",
        "verdict",
        "What the interval of the speedup allows one to say, and no more.",
        False,
    )
    yield Column(
        "speedup",
        "speedup",
        "The baseline's time per sample over the variant's, from windows paired by round.",
    )
    yield Column(
        "interval",
        "95 % interval",
        "Of the speedup, over launches: fresh processes.",
        False,
        interval=True,
    )
    yield Column("throughput", "samples/s", "Samples per second at the mean step time.")
    yield Column("mean_ns", "step ms", "Wall time of an iteration: whole windows over iterations.")
    yield Column("p05_ns", "p05 ms", "Single steps: one in twenty is shorter.")
    yield Column("p95_ns", "p95 ms", "Single steps: one in twenty is longer.")
    yield Column(
        "peak_memory_bytes",
        f"peak {shared.memory_unit.name}",
        "Highest memory over the timed windows; the notes say of what.",
    )
    if shared.has_energy:
        yield Column("energy_per_sample_j", "J/sample", "Energy that the device drew per sample.")


def _row(row: VariantRow, shared: TableColumns) -> Row:
    name = Cell(row.name, row.name, Tone.STRONG)
    if row.step_time is None:
        width = 7 + shared.has_energy
        empty = (Cell(_NONE, None, Tone.QUIET),) * width
        return Row(
            row.name,
            (
                name,
                _status(row),
                *empty,
            ),
        )
    places, time = shared.duration_decimals, row.step_time
    peak = row.peak_memory_bytes
    cells = [
        name,
        _verdict(row),
        *_speedup(row),
        _cell(
            row.throughput,
            _NONE
            if row.throughput is None
            else units.throughput(row.throughput, shared.throughput_decimals),
        ),
        Cell(units.milliseconds(time.mean_ns, places), time.mean_ns),
        Cell(units.milliseconds(time.p05_ns, places), time.p05_ns),
        Cell(units.milliseconds(time.p95_ns, places), time.p95_ns),
        _cell(peak, _NONE if peak is None else shared.memory_unit.format(peak)),
    ]
    if shared.has_energy:
        energy_j = row.energy_per_sample_j
        cells.append(_cell(energy_j, _NONE if energy_j is None else units.joules(energy_j)))
    return Row(row.name, tuple(cells))


def _status(row: VariantRow) -> Cell:
    if row.status == "measured" and not row.num_windows:  # it is to be, or was to be
        return Cell("no window", "no_window", Tone.QUIET)
    return Cell(row.status.replace("_", " "), row.status, _STATUS_TONES[row.status])


def _verdict(row: VariantRow) -> Cell:
    if row.is_baseline:
        return Cell(_NONE, None, Tone.QUIET)
    if row.verdict is None or row.speedup is None:
        return Cell("no speedup", "no_speedup", Tone.UNSURE)
    effect = row.verdict.effect
    return Cell(effect.value.replace("_", " "), effect.value, EFFECT_TONES[effect])


def _speedup(row: VariantRow) -> tuple[Cell, Cell]:
    speedup = row.speedup
    if speedup is None:
        return Cell(_NONE, None, Tone.QUIET), Cell(_NONE, None, Tone.QUIET)
    ratio = Cell(units.ratio(speedup.ratio), speedup.ratio)
    if row.is_baseline:
        return ratio, Cell(_NONE, None, Tone.QUIET)
    if speedup.low is None or speedup.high is None or row.verdict is None:
        return ratio, Cell("none: too few launches", None, Tone.UNSURE)
    places = units.ratio_decimals(row.verdict.half_width)
    low, high = units.ratio(speedup.low, places), units.ratio(speedup.high, places)
    return ratio, Cell(f"{low} to {high}", speedup.low, high=speedup.high)


def _cell(value: float | None, text: str) -> Cell:
    return Cell(text, value, Tone.PLAIN if value is not None else Tone.QUIET)


def _bars(view: BreakdownView) -> Bars:
    places = view.scale.duration_decimals
    return Bars(
        key="steps",
        title="Where the traced step goes",
        bars=tuple(
            Bar(
                name=variant.variant,
                parts=tuple(
                    Part(
                        row.category.value,
                        row.time_ns,
                        f"{units.milliseconds(row.time_ns, places)} ms",
                    )
                    for row in variant.parts.rows
                ),
                text=f"{units.milliseconds(variant.parts.step_ns, places)} ms",
            )
            for variant in view.variants
        ),
        full=view.scale.longest_step_ns,
        notes=tuple(_bar_notes(view)),
        empty="" if view.why_none is None else _WHY_NO_BARS[view.why_none],
    )


def _bar_notes(view: BreakdownView) -> Iterator[str]:
    if view.variants:
        yield "one traced window each, mean of its steps; timed windows say how long a step takes"
    for variant in view.variants:
        if variant.agreement is not None and variant.agreement.finding != "agree":
            yield f"{variant.variant}: {in_words(variant.agreement)}"
    if len(view.batch_sizes) > 1:
        yield "the variants' steps are not the same work: batches differ"
    for lacking in view.not_traced:
        why = " (interrupted)" if lacking.interrupted else ""
        yield f"not traced: {', '.join(lacking.variants)}{why}"
    for missing in view.not_measured:
        whose = "" if missing.of_all else f" of {', '.join(missing.variants)}"
        yield f"not measured{whose}: {', '.join(missing.categories)}: {missing.reason}"

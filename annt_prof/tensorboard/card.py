"""The answer of a run as Markdown, for TensorBoard's text tab."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.wording import phrase
from annt_prof.explain.agreement import in_words
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from annt_prof.views.breakdown_view import BreakdownView
    from annt_prof.views.caveats_view import CaveatsView
    from annt_prof.views.run_view import RunView
    from annt_prof.views.step_parts import CategoryTime
    from annt_prof.views.variant_rows import SaidOfVariant, TableColumns, VariantRow

# Markdown's marks, among them the dot that makes a number begin a list.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!-]|(?<=\d)\.(?=\s))")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_NONE = "-"


def escape(text: str) -> str:
    """Return text from files as Markdown that shows it letter by letter, on one line."""
    one_line = " ".join(printable(text).split())
    return _MARKS.sub(r"\\\1", one_line).translate(_ENTITIES)


def markdown(view: RunView, problems: Sequence[str] = ()) -> str:
    """Return the whole answer.

    Args:
        view: Of a run, finished or not; what is missing is said.
        problems: What kept a part of the log from being written, one sentence each.
    """
    sections = (
        _head(view),
        _caveats(view.caveats, problems),
        _variants(view),
        _remarks(view.said),
        _breakdowns(view.breakdown),
        _origin(view),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _head(view: RunView) -> Iterator[str]:
    setting = view.setting
    several = "" if setting.one_of_devices is None else f" (1 of {setting.one_of_devices})"
    at = datetime.fromisoformat(setting.created).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    device = escape(setting.environment.device_name)
    yield f"### {escape(view.scenario_name)} on {device}{several}, {at}"
    if not view.complete:
        yield ""
        yield f"**This run is not complete:** {escape(view.stop)}."


def _caveats(caveats: CaveatsView, problems: Sequence[str]) -> Iterator[str]:
    """Yield what a reader must know before the figures; short, since the card is low."""
    for replaced in caveats.substitutions:
        wanted, used = escape(replaced.wanted), escape(replaced.used)
        yield f"- **{used} instead of {wanted}**: {escape(replaced.consequence)}"
    of_the_run = (row.text for row in caveats.remarks if not row.variants)
    yield from _items((*caveats.overrides_in_effect, *of_the_run, *problems))


def _variants(view: RunView) -> Iterator[str]:
    header = (
        "variant",
        "against the baseline",
        "samples per s",
        "step time, ms: mean (5 % to 95 % of steps)",
        f"peak memory, {view.columns.memory_unit.name}",
        "energy per sample, J",
    )
    yield from _table(header, (_row(row, view.columns) for row in view.rows))


def _row(row: VariantRow, columns: TableColumns) -> Iterator[str]:
    yield f"**{escape(row.name)}** {escape(_mix(row))}".strip()
    if row.step_time is None:
        status = "no window" if row.status == "measured" else row.status.replace("_", " ")
        yield escape(f"{status}: {row.reason}" if row.reason else status)
        yield from [_NONE] * 4
        return
    time, rate = row.step_time, row.throughput
    peak, energy = row.peak_memory_bytes, row.energy_per_sample_j
    mean, p05, p95 = (
        units.milliseconds(ns, columns.duration_decimals)
        for ns in (time.mean_ns, time.p05_ns, time.p95_ns)
    )
    yield escape(_against_baseline(row))
    yield _NONE if rate is None else units.throughput(rate, columns.throughput_decimals)
    yield f"{mean} ({p05} to {p95})"
    yield _NONE if peak is None else columns.memory_unit.format(peak)
    yield _NONE if energy is None else units.joules(energy)


def _mix(row: VariantRow) -> str:
    if not row.mix:
        return ""
    without = f", without {', '.join(row.left_out)}" if row.left_out else ""
    return f"= {' + '.join(row.mix)}{without}"


def _against_baseline(row: VariantRow) -> str:
    if row.is_baseline:
        return _NONE
    if row.of_mid_epoch_alone:
        return "not compared: its step leaves an epoch's start out"
    if row.speedup is None or row.verdict is None:
        return "no round in common with it"
    return phrase(row.verdict, row.speedup)


def _remarks(said: Iterable[SaidOfVariant]) -> Iterator[str]:
    for about in said:
        yield f"**{escape(about.variant)}**"
        yield ""
        yield from _items(f"{name} is left out: {reason}" for name, reason in about.left_out)
        yield from _items(about.remarks)
        yield from _items(f"changes the mathematics: {text}" for text in about.mathematics)
        yield ""


def _breakdowns(view: BreakdownView) -> Iterator[str]:
    if not view.variants:
        return
    yield "#### Where the time of a traced step goes"
    yield ""
    yield (
        "Mean wall time of one iteration under the profiler, in ms and % of that step: read the "
        "shares, not the sums."
    )
    yield ""
    header = ("category", *(escape(v.variant) for v in view.variants))
    inflation = (_signed(v.profiler_inflation) for v in view.variants)
    yield from _table(header, (*_categories(view), ("profiler inflation", *inflation)))
    yield ""
    yield from _items(
        f"{v.variant}: {in_words(v.agreement)}" for v in view.variants if v.agreement is not None
    )
    yield from _items(_absent(view))


def _categories(view: BreakdownView) -> Iterator[Iterable[str]]:
    places = view.scale.duration_decimals
    yield "**step**", *(units.milliseconds(v.parts.step_ns, places) for v in view.variants)
    for category in view.filled:
        cells = (_share(v.parts.time_of(category), places) for v in view.variants)
        yield escape(category), *cells


def _absent(view: BreakdownView) -> Iterator[str]:
    """Yield why a variant has no column, and why a category has no row."""
    for untraced in view.not_traced:
        why = " (interrupted)" if untraced.interrupted else " (skipped)" if untraced.skipped else ""
        yield f"not traced: {', '.join(untraced.variants)}{why}"
    if view.empty:
        yield f"0 ms in every variant: {', '.join(view.empty)}"
    for lacking in view.not_measured:
        whose = "" if lacking.of_all else f" of {', '.join(lacking.variants)}"
        yield f"not measured{whose}: {', '.join(lacking.categories)}: {lacking.reason}"


def _share(time: CategoryTime | None, places: int) -> str:
    if time is None:
        return _NONE
    of_step = _NONE if time.share is None else units.percent(time.share)
    return f"{units.milliseconds(time.time_ns, places)} ({of_step})"


def _signed(fraction: float | None) -> str:
    if fraction is None:
        return _NONE
    return f"{'+' if fraction > 0 else ''}{units.percent(fraction)}"


def _origin(view: RunView) -> Iterator[str]:
    where = view.setting.environment
    yield "#### Measured on"
    yield ""
    packages = ", ".join(f"{name} {version}" for name, version in where.packages.items())
    yield from _items(
        sentence
        for sentence in (
            f"{where.cpu_name}, {units.count(where.num_cores, 'core')}, "
            f"{units.count(where.threads, 'thread')}, {units.memory(where.memory_bytes)}",
            where.operating_system,
            f"driver {where.driver}" if where.driver else "",
            packages,
            view.telemetry_note,
            f"measuring stopped: {view.stop}",
        )
        if sentence
    )


def _items(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        yield f"- {escape(sentence)}"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a table's lines; cells must be escaped already."""
    cells = tuple(header)
    yield f"| {' | '.join(cells)} |"
    yield f"| {' | '.join('---' for _ in cells)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"

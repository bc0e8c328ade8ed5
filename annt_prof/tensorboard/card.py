"""The answer of a run as Markdown, for TensorBoard's text tab."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from annt_prof import units
from annt_prof.compare.wording import phrase
from annt_prof.explain.agreement import in_words
from annt_prof.plan import BASELINE
from annt_prof.text import printable
from annt_prof.views.breakdown_view import breakdown_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.views.breakdown_view import BreakdownView
    from annt_prof.views.step_parts import CategoryTime

# Markdown's marks, among them the dot that makes a number begin a list.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!-]|(?<=\d)\.(?=\s))")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_NONE = "-"


def escape(text: str) -> str:
    """Return text from files as Markdown that shows it letter by letter, on one line."""
    one_line = " ".join(printable(text).split())
    return _MARKS.sub(r"\\\1", one_line).translate(_ENTITIES)


def markdown(run: Run, problems: Sequence[str] = ()) -> str:
    """Return the whole answer.

    Args:
        run: Finished or not; what is missing is said.
        problems: What kept a part of the log from being written, one sentence each.
    """
    sections = (
        _head(run),
        _caveats(run, problems),
        _variants(run),
        _remarks(run.variants),
        _breakdowns(breakdown_view(run)),
        _origin(run),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _head(run: Run) -> Iterator[str]:
    where = run.environment
    count = f"{where.num_devices} x " if where.num_devices > 1 else ""
    at = datetime.fromisoformat(run.created).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"### {escape(run.scenario_name)} on {count}{escape(where.device_name)}, {at}"
    if not run.complete:
        yield ""
        yield f"**This run is not complete:** {escape(run.stop)}."


def _caveats(run: Run, problems: Sequence[str]) -> Iterator[str]:
    """Yield what a reader must know before the figures; short, since the card is low."""
    for substitution in run.substitutions:
        wanted, used = escape(substitution.wanted), escape(substitution.used)
        yield f"- **{used} instead of {wanted}**: {escape(substitution.consequence)}"
    yield from _items((*run.overrides_in_effect, *problems))


class _Columns(NamedTuple):
    """What the rows of the table of variants have in common.

    Attributes:
        places: Decimals of the times.
        throughputs: By variant, with the same decimals.
    """

    places: int
    memory: units.MemoryUnit
    throughputs: dict[str, str]


def _variants(run: Run) -> Iterator[str]:
    times = [v.step_time.p95 for v in run.variants if v.step_time]
    memory = units.memory_unit(v.peak_memory_bytes for v in run.variants if v.peak_memory_bytes)
    throughputs = {v.name: v.throughput for v in run.variants if v.throughput is not None}
    header = (
        "variant",
        "against the baseline",
        "samples per s",
        "step time, ms: mean (5 % to 95 % of steps)",
        f"peak memory, {memory.name}",
        "energy per sample, J",
    )
    columns = _Columns(
        units.duration_decimals(times),
        memory,
        dict(zip(throughputs, units.throughputs(list(throughputs.values())), strict=True)),
    )
    yield from _table(header, (_row(v, columns) for v in run.variants))


def _row(variant: VariantRecord, columns: _Columns) -> Iterator[str]:
    yield f"**{escape(variant.name)}**"
    if variant.step_time is None:
        status = "no window" if variant.status == "measured" else variant.status.replace("_", " ")
        yield escape(f"{status}: {variant.reason}" if variant.reason else status)
        yield from [_NONE] * 4
        return
    time, peak, energy = variant.step_time, variant.peak_memory_bytes, variant.energy_per_sample_j
    mean, p05, p95 = (
        units.milliseconds(t, columns.places) for t in (time.mean, time.p05, time.p95)
    )
    yield escape(_against_baseline(variant))
    yield columns.throughputs.get(variant.name, _NONE)
    yield f"{mean} ({p05} to {p95})"
    yield _NONE if peak is None else columns.memory.format(peak)
    yield _NONE if energy is None else units.joules(energy)


def _against_baseline(variant: VariantRecord) -> str:
    if variant.name == BASELINE:
        return _NONE
    if variant.speedup is None or variant.verdict is None:
        return "no round in common with it"
    return phrase(variant.verdict, variant.speedup)


def _remarks(variants: Sequence[VariantRecord]) -> Iterator[str]:
    said: set[str] = set()
    for variant in variants:
        sentences = [
            *(f"{name} is left out: {reason}" for name, reason in variant.left_out.items()),
            *(remark.sentence for remark in variant.remarks),
            *(f"changes the mathematics: {change.sentence}" for change in variant.mathematics),
        ]
        fresh = [sentence for sentence in sentences if sentence not in said]
        said.update(fresh)
        if fresh:
            yield f"**{escape(variant.name)}**"
            yield ""
            yield from _items(fresh)
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
    """Yield why a category has no row: there was nothing in it, or no way to measure it."""
    if view.empty:
        yield f"0 ms in every variant: {', '.join(view.empty)}"
    for lacking in view.categories_not_measured:
        yield f"{lacking.category} is not measured: {lacking.reason}"


def _share(found: CategoryTime | None, places: int) -> str:
    if found is None:
        return _NONE
    of_step = _NONE if found.share is None else units.percent(found.share)
    return f"{units.milliseconds(found.time_ns, places)} ({of_step})"


def _signed(fraction: float | None) -> str:
    if fraction is None:
        return _NONE
    return f"{'+' if fraction > 0 else ''}{units.percent(fraction)}"


def _origin(run: Run) -> Iterator[str]:
    where = run.environment
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
            run.telemetry_note,
            f"measuring stopped: {run.stop}",
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

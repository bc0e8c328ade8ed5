"""Any screen's page of any source, for what does not show them one beside another.

What a screen needs is imported once that screen is asked for: others should not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.selection import Selection
from annt_prof.views.screens.source import RunSource, TraceSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from annt_prof.runs.digests import Digest
    from annt_prof.views.page import Page
    from annt_prof.views.pair import Pair
    from annt_prof.views.screens.source import Source
    from annt_prof.views.work.traced import Traced

_PRINTED_NAME = 38
"""Characters of a kernel's name: enough to tell one from another, as ``analyze`` has it."""


def build_page(
    screen: Screen,
    source: Source,
    digest_of: Callable[[Path], Digest],
    selection: Selection | None = None,
) -> Page:
    """Return what a screen shows.

    Args:
        screen: Which one.
        source: Of a run or a trace.
        digest_of: Reads a trace, for screens that need one.
        selection: What is chosen on it.

    Raises:
        UserError: The source cannot be read, does not tell what that screen shows, or lacks what
            is chosen.
    """
    chosen = Selection() if selection is None else selection
    chosen.check(screen)
    if screen is Screen.RUNS:
        from annt_prof.views.screens.runs import build_runs_page

        return build_runs_page(source.folder)
    if screen is Screen.ADVICE:
        return _advice(source, chosen.technique)
    if screen is Screen.KERNELS:
        return _kernels(source, digest_of, chosen)
    if isinstance(source, RunSource):
        if screen is Screen.COMPARE:
            return _comparison(source, digest_of, chosen)
        if screen is Screen.TECHNIQUES:
            return _techniques(source, chosen.technique)
        if screen is Screen.STEPS and chosen.variant is not None:
            return _steps_of_trace(source, digest_of, chosen.variant)
        return _OF_RUNS[screen](source)
    _require(chosen.variant, source.traces, "trace", source)
    return _of_trace(screen, source, digest_of)


def _of_trace(screen: Screen, source: TraceSource, digest_of: Callable[[Path], Digest]) -> Page:
    if screen is Screen.OVERVIEW:
        from annt_prof.views.screens.trace_overview import build_trace_overview_page

        return build_trace_overview_page(source.title, digest_of(source.path).analysis)
    if screen is Screen.STEPS:
        from annt_prof.views.screens.steps import build_trace_steps_page

        return build_trace_steps_page(source.title, digest_of(source.path))
    raise UserError("a trace alone does not tell this: give a run", where=screen.value)


def _live(source: RunSource) -> Page:
    from annt_prof.views.live_log import build_replayed_page

    return build_replayed_page(source)


def _overview(source: RunSource) -> Page:
    from annt_prof.views.screens.overview import build_overview_page

    return build_overview_page(source, source.explanation)


def _techniques(source: RunSource, chosen: str | None) -> Page:
    from annt_prof.views.screens.techniques import build_techniques_page

    explanation = source.explanation
    _require(chosen, [t.name for t in explanation.techniques], "technique", source)
    return build_techniques_page(source, explanation, chosen)


def _steps(source: RunSource) -> Page:
    from annt_prof.views.screens.steps import build_steps_page

    return build_steps_page(source)


def _telemetry(source: RunSource) -> Page:
    from annt_prof.views.screens.telemetry import build_telemetry_page

    return build_telemetry_page(source)


def _steps_of_trace(source: RunSource, digest_of: Callable[[Path], Digest], variant: str) -> Page:
    from annt_prof.views.screens.steps import build_trace_steps_page

    _require(variant, source.traces, "traced variant", source)
    title = f"{variant} of {source.title}"
    return build_trace_steps_page(title, digest_of(source.traces[variant]))


def _comparison(source: RunSource, digest_of: Callable[[Path], Digest], chosen: Selection) -> Page:
    from annt_prof.compare.between import between
    from annt_prof.views.named_times import named_times_of
    from annt_prof.views.screens.compare import build_compare_page

    pair = _pair(source, chosen)
    told = None
    if pair.of_one_run:
        told = between(source.run, pair.first.variant, pair.second.variant)
    first, second = (
        named_times_of(side.source.traces.get(side.name), side.name, digest_of)
        for side in (pair.first, pair.second)
    )
    return build_compare_page(source.title, pair, told, (first, second))


def _pair(source: RunSource, chosen: Selection) -> Pair:
    """Return what is compared: with another run its variant of the same name, if none is chosen."""
    from annt_prof.plan import BASELINE
    from annt_prof.views.pair import Pair, Side, first_choice

    there = chosen.against_run
    if chosen.is_empty:
        return first_choice(source)
    for where, name in ((source, chosen.variant), (there or source, chosen.against)):
        _require(name, [v.name for v in where.run.variants], "variant", where)
    if there is not None:
        second = Side(source, chosen.variant or chosen.against or BASELINE)
        return Pair(Side(there, chosen.against or second.name), second)
    if chosen.variant is not None:
        return Pair(Side(source, chosen.against or BASELINE), Side(source, chosen.variant))
    return Pair(Side(source, chosen.against or BASELINE), first_choice(source).second)


def _require(name: str | None, known: Collection[str], kind: str, source: Source) -> None:
    """Refuse what is chosen and is not there."""
    if name is not None and name not in known:
        there = f"there are {', '.join(known)}" if known else f"there is no {kind}"
        raise UserError(f"no {kind} {name!r} in {source.title}", hint=there)


_OF_RUNS: dict[Screen, Callable[[RunSource], Page]] = {
    Screen.LIVE: _live,
    Screen.OVERVIEW: _overview,
    Screen.STEPS: _steps,
    Screen.TELEMETRY: _telemetry,
}


def _kernels(source: Source, digest_of: Callable[[Path], Digest], chosen: Selection) -> Page:
    from annt_prof.views.screens.kernels import Shown, build_kernels_page
    from annt_prof.views.work.traced import first_traced, traced_of

    def traced(name: str) -> Traced:
        _require(name, source.traces, "traced variant", source)
        return traced_of(source, name, digest_of(source.traces[name]))

    # As compare has it: what is looked at comes second, and its difference from the other is shown.
    looked_at = traced(first_traced(source) if chosen.variant is None else chosen.variant)
    other = None if chosen.against is None else traced(chosen.against)
    if other is not None and other.name == looked_at.name:
        raise UserError("a variant is not held against itself", where=other.name)
    there = [looked_at] if other is None else [other, looked_at]
    if chosen.grouping is not None and not any(each.has_kernels for each in there):
        raise UserError("there are no kernels to group in its trace", where=looked_at.name)
    second = None if other is None else looked_at
    shown = Shown(chosen.grouping, room=_PRINTED_NAME)
    return build_kernels_page(source.title, there[0], second, shown)


def _advice(source: Source, chosen: str | None) -> Page:
    from annt_prof.views.advising import advice_on
    from annt_prof.views.screens.advice import build_advice_page

    explanation = source.explanation if isinstance(source, RunSource) else None
    try:
        advice = advice_on(source)
    except UserError as error:
        if explanation is None or chosen is not None:
            raise
        return build_advice_page(source.title, error, explanation)
    _require(chosen, [saving.name for saving in advice.predicted], "predicted technique", source)
    return build_advice_page(source.title, advice, explanation, chosen)

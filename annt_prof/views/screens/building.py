"""Any screen's page of any source, for what does not show them one beside another.

What a screen needs is imported once that screen is asked for: others should not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runs.digests import Digest
    from annt_prof.views.named_times import NamedTimes, Unnamed
    from annt_prof.views.page import Page
    from annt_prof.views.pair import Side
    from annt_prof.views.screens.source import Source

_PRINTED_NAME = 38
"""Characters of a kernel's name: enough to tell one from another, as ``analyze`` has it."""


def build_page(screen: Screen, source: Source, digest_of: Callable[[Path], Digest]) -> Page:
    """Return what a screen shows first, before anybody chooses anything on it.

    Args:
        screen: Which one.
        source: Of a run or a trace.
        digest_of: Reads a trace, for screens that need one.

    Raises:
        UserError: The source cannot be read, or does not tell what that screen shows.
    """
    if screen is Screen.RUNS:
        from annt_prof.views.screens.runs import build_runs_page

        return build_runs_page(source.folder)
    if screen is Screen.ADVICE:
        return _advice(source)
    if screen is Screen.KERNELS:
        return _kernels(source, digest_of)
    if isinstance(source, RunSource):
        if screen is Screen.COMPARE:
            return _comparison(source, digest_of)
        return _OF_RUNS[screen](source)
    return _of_trace(screen, source, digest_of)


def _of_trace(screen: Screen, source: TraceSource, digest_of: Callable[[Path], Digest]) -> Page:
    if screen is Screen.OVERVIEW:
        from annt_prof.views.screens.trace_overview import build_trace_overview_page

        return build_trace_overview_page(source.title, digest_of(source.path).analysis)
    if screen is Screen.STEPS:
        from annt_prof.views.screens.steps import build_trace_steps_page

        return build_trace_steps_page(source, digest_of(source.path))
    raise UserError("a trace alone does not tell this: give a run", where=screen.value)


def _live(source: RunSource) -> Page:
    from annt_prof.views.live_log import build_replayed_page

    return build_replayed_page(source)


def _overview(source: RunSource) -> Page:
    from annt_prof.views.screens.overview import build_overview_page

    return build_overview_page(source, source.explanation)


def _techniques(source: RunSource) -> Page:
    from annt_prof.views.screens.techniques import build_techniques_page

    return build_techniques_page(source, source.explanation)


def _steps(source: RunSource) -> Page:
    from annt_prof.views.screens.steps import build_steps_page

    return build_steps_page(source)


def _telemetry(source: RunSource) -> Page:
    from annt_prof.views.screens.telemetry import build_telemetry_page

    return build_telemetry_page(source)


def _comparison(source: RunSource, digest_of: Callable[[Path], Digest]) -> Page:
    from annt_prof.compare.between import between
    from annt_prof.views.pair import first_choice
    from annt_prof.views.screens.compare import build_compare_page

    pair = first_choice(source)
    told = between(source.run, pair.first.variant, pair.second.variant)
    named = (_named_times(pair.first, digest_of), _named_times(pair.second, digest_of))
    return build_compare_page(source.title, pair, told, named)


def _named_times(side: Side, digest_of: Callable[[Path], Digest]) -> NamedTimes | Unnamed:
    from annt_prof.views.digest_progress import no_trace
    from annt_prof.views.named_times import named_times, unread

    trace = side.source.traces.get(side.name)
    if trace is None:
        return unread(side.name, no_trace(side.name))
    try:
        return named_times(digest_of(trace))
    except UserError as error:
        return unread(side.name, error)


_OF_RUNS: dict[Screen, Callable[[RunSource], Page]] = {
    Screen.LIVE: _live,
    Screen.OVERVIEW: _overview,
    Screen.TECHNIQUES: _techniques,
    Screen.STEPS: _steps,
    Screen.TELEMETRY: _telemetry,
}


def _kernels(source: Source, digest_of: Callable[[Path], Digest]) -> Page:
    from annt_prof.views.screens.kernels import Shown, build_kernels_page
    from annt_prof.views.work.traced import first_traced, traced_of

    name = first_traced(source)
    traced = traced_of(source, name, digest_of(source.traces[name]))
    return build_kernels_page(source.title, traced, shown=Shown(room=_PRINTED_NAME))


def _advice(source: Source) -> Page:
    from annt_prof.views.advising import advice_on
    from annt_prof.views.screens.advice import build_advice_page

    if not isinstance(source, RunSource):
        return build_advice_page(source.title, advice_on(source))
    explanation = source.explanation
    try:
        return build_advice_page(source.title, advice_on(source), explanation)
    except UserError as error:
        return build_advice_page(source.title, error, explanation)

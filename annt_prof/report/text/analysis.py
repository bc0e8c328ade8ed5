"""The analysis of a trace, for a terminal or a pipe."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.categories import Category, Phase
from annt_prof.report.text import device_sections as device
from annt_prof.report.text.breakdown_table import BreakdownTable
from annt_prof.report.text.lines import bullets, heading, indented, labelled, plain
from annt_prof.report.text.step_table import step_table
from annt_prof.report.text.tables import milliseconds, share, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.breakdown import Breakdown, MeanBreakdown
    from annt_prof.analysis.critical_path import CriticalPath
    from annt_prof.analysis.host_view import HostStep

_MOST_STEPS = 20
_CATEGORY_NAMES = frozenset(category.value for category in Category)


def render(analysis: Analysis, console: Console) -> None:
    """Print the analysis.

    Args:
        analysis: Of one trace.
        console: Takes it; without colours where it has none.
    """
    for index, section in enumerate(_sections(analysis, console)):
        if index:
            console.print(Text())
        for part in section:
            console.print(part, highlight=False)


def _sections(analysis: Analysis, console: Console) -> Iterator[Iterable[RenderableType]]:
    yield _head(analysis)
    if analysis.breakdown is not None:
        ascii_only = console.options.ascii_only
        yield _breakdown(analysis.breakdown, console.width, ascii_only=ascii_only)
    if analysis.host is not None:
        yield _host(analysis.host)
    if analysis.critical_path is not None:
        yield _path(analysis.critical_path, analysis.breakdown, analysis.host)
    if analysis.temporal is not None:
        yield device.temporal(analysis.temporal)
    if analysis.kernels is not None:
        yield device.kernels(analysis.kernels, console.width, complete=analysis.complete)
    if analysis.queue is not None:
        yield device.queue(analysis.queue)
    if analysis.idle is not None:
        yield device.idle(analysis.idle, console.width)
    if analysis.synchronisations:
        yield device.synchronisations(analysis.synchronisations, complete=analysis.complete)
    if analysis.copies:
        yield device.copies(analysis.copies)
    if analysis.memory is not None:
        yield device.memory(analysis.memory)
    if analysis.pitfalls:
        yield (heading("Known mistakes, in every step"), bullets("!", analysis.pitfalls))
    if analysis.not_measured:
        yield _not_measured(analysis.not_measured)


def _head(analysis: Analysis) -> Iterator[RenderableType]:
    yield heading(analysis.source)
    facts = [("events", units.whole(analysis.num_events))]
    if analysis.device_names:
        facts.append(("devices", ", ".join(dict.fromkeys(analysis.device_names))))
    if analysis.rank is not None:
        of = "" if analysis.world_size is None else f" of {analysis.world_size}"
        facts.append(("rank", f"{analysis.rank}{of}"))
    yield labelled(facts)
    if analysis.remarks:
        yield Text()
        yield plain("To know before reading on", "bold yellow")
        yield bullets("!", analysis.remarks)


def _breakdown(breakdown: Breakdown, width: int, *, ascii_only: bool) -> Iterator[RenderableType]:
    mean = breakdown.mean
    yield heading("Where the step goes", f"{units.duration(mean.step_ns)}, {_mean_of(breakdown)}")
    yield from BreakdownTable([mean], width, ascii_only=ascii_only).rows(mean)
    yield from _under(mean)
    if mean.num_steps > 1:
        yield Text()
        yield step_table(breakdown.steps[:_MOST_STEPS], width)
        if mean.num_steps > _MOST_STEPS:
            left = units.count(mean.num_steps - _MOST_STEPS, "more step")
            yield plain(f"and {left}; --steps chooses, --json has them all", "dim")


def _mean_of(breakdown: Breakdown) -> str:
    """Say of how many steps the mean is, and how far they lie apart."""
    walls_ns = [step.wall_ns for step in breakdown.steps]
    steps = units.count(len(walls_ns), "step")
    if len(walls_ns) == 1:
        return f"mean of {steps}"
    shortest, longest = (units.duration(ns) for ns in (min(walls_ns), max(walls_ns)))
    return f"mean of {steps} from {shortest} to {longest}"


def _under(mean: MeanBreakdown) -> Iterator[RenderableType]:
    hidden = {category: ns for category, ns in mean.hidden_ns.items() if ns}
    if hidden:
        listed = ", ".join(f"{category} {units.duration(ns)}" for category, ns in hidden.items())
        yield indented(plain(f"hidden under other work, so not part of the step: {listed}"))
    for category, reason in mean.not_measured.items():
        yield indented(plain(f"n/a: {category}: {reason}", "dim"))


def _host(steps: Sequence[HostStep]) -> Iterator[RenderableType]:
    yield heading("The same steps from the host", "main thread, mean per step")
    total = {
        "loading data": sum(step.data_loading_ns for step in steps),
        "blocked until the device is done": sum(step.blocked_ns for step in steps),
        "in operators and launches": sum(step.dispatch_ns for step in steps),
        "waiting for the backward thread": sum(step.waiting_for_backward_ns for step in steps),
        "Python and what was not recorded": sum(step.python_ns for step in steps),
    }
    wall = sum(total.values())
    table = table_of(("", "left"), ("ms", "right"), ("share", "right"))
    for label, ns in total.items():
        table.add_row(plain(label), milliseconds(ns / len(steps)), share(ns, wall))
    yield table


def _path(
    path: CriticalPath, breakdown: Breakdown | None, host: Sequence[HostStep] | None
) -> Iterator[RenderableType]:
    num_steps = len(path.steps)
    wall_ns = sum(step.wall_ns for step in path.steps)
    yield heading("What sets the step's length", "the critical path, mean per step")
    on_path = _summed(step.on_path_ns for step in path.steps)
    spent = {} if breakdown is None else breakdown.mean.by_category_ns
    table = table_of(
        ("", "left"), ("on path ms", "right"), ("share", "right"), ("spent ms", "right")
    )
    for name, ns in sorted(on_path.items(), key=lambda item: -item[1]):
        category = spent.get(Category(name)) if name in _CATEGORY_NAMES else None
        table.add_row(
            plain(name), milliseconds(ns / num_steps), share(ns, wall_ns),
            "-" if category is None else milliseconds(category),
        )  # fmt: skip
    yield table
    of_phases = _summed(step.host_ns for step in path.steps)
    if of_phases:
        listed = ", ".join(
            f"{phase} {units.duration(round(ns / num_steps))}"
            for phase, ns in sorted(of_phases.items(), key=lambda item: -item[1])
        )
        yield indented(plain(f"the host's part of the path, by what it was in: {listed}"))
    if host:
        yield from _hidden_loading(host, wall_ns, of_phases.get(Phase.DATA_LOADING, 0))


def _hidden_loading(
    host: Sequence[HostStep], wall_ns: int, on_path_ns: int
) -> Iterator[RenderableType]:
    """Say what faster loading could save, where that is less than the time it takes."""
    loading_ns = sum(step.data_loading_ns for step in host)
    if loading_ns - on_path_ns > wall_ns / 100:
        takes, saves = (units.duration(round(ns / len(host))) for ns in (loading_ns, on_path_ns))
        yield indented(
            plain(f"loading data takes the host {takes}, of which {saves} are on the path: faster "
                  "loading cannot save more than that")
        )  # fmt: skip


def _summed(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def _not_measured(reasons: dict[str, str]) -> Iterator[RenderableType]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield plain(f"not measured: {', '.join(names)}: {reason}", "dim")

"""Where the step goes: each variant's breakdown with bars, and what limits how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.explain.agreement import in_words
from annt_prof.report.text.breakdown_table import BreakdownTable
from annt_prof.report.text.lines import INDENT, heading, indented, labelled, plain
from annt_prof.views.words.sampled import sampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from annt_prof.views.breakdown_view import (
        BreakdownView,
        NotMeasured,
        NotTraced,
        VariantBreakdown,
    )
    from annt_prof.views.step_parts import KernelTimes

_WHY_NONE = {
    "not_traced": "No breakdown: no variant was traced.",
    "unreadable": "No breakdown: the traces hold none; each variant's remarks say why.",
}


def steps(view: BreakdownView, width: int, *, ascii_only: bool = False) -> RenderableType:
    """Return every traced variant's breakdown.

    Args:
        view: Of a run.
        width: Cells per line.
        ascii_only: Whether bars must do without block elements.
    """
    if view.why_none is not None:
        return plain(_WHY_NONE[view.why_none])
    table = BreakdownTable(view.scale, width, ascii_only=ascii_only)
    parts: list[RenderableType] = [
        heading("Where the step goes", "one traced window each, % of the traced step")
    ]
    for variant in view.variants:
        num_steps = units.count(variant.parts.num_steps, "step")
        total = f"traced step {units.duration(variant.parts.step_ns)}, mean of {num_steps}"
        parts += [Text(), heading(variant.variant, total), *table.rows(variant.parts)]
        parts.append(labelled(_remarks(variant), INDENT))
    parts += [Text(), *map(_not_traced, view.not_traced), *map(_not_measured, view.not_measured)]
    return Group(*parts)


def _remarks(variant: VariantBreakdown) -> Iterator[tuple[str, str]]:
    if variant.agreement is not None:
        yield "profiler", in_words(variant.agreement)
    if variant.timed_wait_ns is not None:
        yield (
            "waiting",
            f"timed windows wait {units.duration(variant.timed_wait_ns)} a step for batches; the "
            "profiler disturbs the traced wait, and a few steps may not show it all",
        )
    if variant.parts.hidden:
        listed = ", ".join(
            f"{h.category} {units.duration(h.time_ns)}" for h in variant.parts.hidden
        )
        yield "hidden", f"{listed}: ran under other work, so not part of the step"
    if variant.parts.kernels is not None:
        yield "kernels", _kernels(variant.parts.kernels)
    if variant.sampled is not None:
        yield "telemetry", sampled(variant.sampled)


def _kernels(kernels: KernelTimes) -> str:
    shares = ", ".join(f"{k.kernel_class} {units.percent(k.share)}" for k in kernels.classes)
    return f"{shares} of {units.duration(kernels.total_ns)} device time"


def _not_traced(lacking: NotTraced) -> RenderableType:
    why = " (interrupted)" if lacking.interrupted else " (skipped)" if lacking.skipped else ""
    return indented(plain(f"not traced: {', '.join(lacking.variants)}{why}"), 0)


def _not_measured(lacking: NotMeasured) -> RenderableType:
    whose = "" if lacking.of_all else f" of {', '.join(lacking.variants)}"
    listed = ", ".join(lacking.categories)
    return indented(plain(f"not measured{whose}: {listed}: {lacking.reason}", "dim"), 0)

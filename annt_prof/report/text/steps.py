"""Where the step goes: each variant's breakdown with bars, and what limits how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.categories import Category
from annt_prof.compare.figures import waited_ns
from annt_prof.explain.agreement import agreement, in_words
from annt_prof.report.text.breakdown_table import BreakdownTable
from annt_prof.report.text.lines import INDENT, heading, indented, labelled, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from annt_prof.analysis.breakdown import MeanBreakdown
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.telemetry.summary import TelemetrySummary


_WAITS_DIFFER = 0.05  # of the wait, and a fifth of that of the step: less is nothing to tell


def steps(run: Run, width: int, *, ascii_only: bool = False) -> RenderableType:
    """Return every traced variant's breakdown.

    Args:
        run: Of which some variants were traced.
        width: Cells per line.
        ascii_only: Whether bars must do without block elements.
    """
    traced = [(v, v.breakdown) for v in run.variants if v.breakdown is not None]
    if not traced:
        if any(variant.trace is not None for variant in run.variants):
            return plain("No breakdown: the traces hold none; each variant's remarks say why.")
        return plain("No breakdown: no variant was traced.")
    table = BreakdownTable([b for _, b in traced], width, ascii_only=ascii_only)
    parts: list[RenderableType] = [
        heading("Where the step goes", "one traced window each, % of the traced step")
    ]
    for variant, breakdown in traced:
        traced_steps = units.count(breakdown.num_steps, "step")
        total = f"traced step {units.duration(breakdown.step_ns)}, mean of {traced_steps}"
        parts += [Text(), heading(variant.name, total), *table.rows(breakdown)]
        on_host = run.environment.device_type == "cpu"
        parts.append(labelled(_remarks(variant, breakdown, on_host=on_host), INDENT))
    parts += [Text(), *_not_measured(traced)]
    return Group(*parts)


def _remarks(
    variant: VariantRecord, breakdown: MeanBreakdown, *, on_host: bool
) -> Iterator[tuple[str, str]]:
    compared = agreement(variant)
    if compared is not None:
        yield "profiler", in_words(compared)
    if on_host and (waits_ns := _other_waits_ns(variant, breakdown)) is not None:
        waits = units.duration(waits_ns)
        yield (
            "waiting",
            f"timed windows wait {waits} a step for batches; the profiler disturbs the traced "
            "wait, and a few steps may not show it all",
        )
    hidden = {category: ns for category, ns in breakdown.hidden_ns.items() if ns}
    if hidden:
        listed = ", ".join(f"{category} {units.duration(ns)}" for category, ns in hidden.items())
        yield "hidden", f"{listed}: ran under other work, so not part of the step"
    device_ns = sum(breakdown.kernel_ns.values())
    if device_ns:
        ordered = sorted(breakdown.kernel_ns.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{kind} {units.percent(ns / device_ns)}" for kind, ns in ordered if ns)
        yield "kernels", f"{shares} of {units.duration(device_ns)} device time"
    if variant.telemetry is not None and (sampled := _telemetry(variant.telemetry)):
        yield "telemetry", sampled


def _other_waits_ns(variant: VariantRecord, breakdown: MeanBreakdown) -> int | None:
    """Return the timed windows' wait per iteration where the trace shows another; None else."""
    waits_ns, timed = waited_ns(variant), variant.step_time
    traced_ns = breakdown.by_category_ns.get(Category.DATA_LOADING)
    if waits_ns is None or timed is None or traced_ns is None:
        return None
    least_ns = _WAITS_DIFFER * max(waits_ns, 0.2 * timed.within_epoch)
    return waits_ns if abs(waits_ns - traced_ns) > least_ns else None


def _telemetry(summary: TelemetrySummary) -> str:
    """Return what was sampled during the timed windows, figures that are known only."""
    known = [
        _figure("GPU busy", summary.gpu_utilisation_percent, "%"),
        _figure("", summary.gpu_power_w, "W"),
        _figure("SM", summary.gpu_sm_clock_mhz, "MHz"),
        _figure("memory", summary.gpu_memory_clock_mhz, "MHz"),
        _figure("", summary.gpu_temperature_c, "°C"),
        _figure("host CPU", summary.host_cpu_percent, "% of a core"),
        _figure("other processes", summary.host_other_cpu_percent, "% of a core"),
    ]
    if summary.gpu_throttle_reasons:
        known.append(f"clocks limited by {', '.join(summary.gpu_throttle_reasons)}")
    return ", ".join(text for text in known if text)


def _figure(label: str, value: float | None, unit: str) -> str:
    return "" if value is None else f"{label} {units.reading(value, unit)}".strip()


def _not_measured(
    traced: list[tuple[VariantRecord, MeanBreakdown]],
) -> Iterator[RenderableType]:
    """Yield what the traces cannot show and why; once where it is the same for every variant."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for variant, breakdown in traced:
        by_reason: dict[str, list[str]] = {}
        for category, reason in breakdown.not_measured.items():
            by_reason.setdefault(reason, []).append(category)
        for reason, categories in by_reason.items():
            reasons.setdefault((", ".join(categories), reason), []).append(variant.name)
    for (listed, reason), names in reasons.items():
        whose = "" if len(names) == len(traced) else f" of {', '.join(names)}"
        yield indented(plain(f"not measured{whose}: {listed}: {reason}", "dim"), 0)

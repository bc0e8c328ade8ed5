"""How the first and the last bar of the waterfall divide: a traced step, as long as the timed one.

The bar's length is what the timed windows tell. What the profiler added is taken out of the trace
before it stands beside that, and device time keeps its length: see ``profiler_overhead``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.explain.agreement import agreement, in_words
from annt_prof.explain.profiler_overhead import deflated

if TYPE_CHECKING:
    from annt_prof.runs.record import VariantRecord


class LevelParts(NamedTuple):
    """What of a bar's length the trace tells.

    Attributes:
        by_category_ns: Per iteration; empty where the trace tells nothing of the bar.
        untold_ns: Per iteration, what of the bar's length is in no category.
        why_none: Why the trace tells nothing of the bar, though there is one; empty else.
    """

    by_category_ns: tuple[tuple[str, int], ...]
    untold_ns: int
    why_none: str = ""


_NOTHING = LevelParts((), 0)


def divide_level(
    length_ns: float, variant: VariantRecord | None, device_type: str, unseen_ns: float
) -> LevelParts:
    """Divide a bar like the traced step of its variant.

    Args:
        length_ns: Of the bar, per sample: the timed step.
        variant: Whose step the bar is; None where it is not known.
        device_type: What the run used.
        unseen_ns: Per sample, up to which the parts are taken for as long as the bar: no printed
            figure shows it.
    """
    if variant is None:
        return _NOTHING
    samples = variant.samples_per_iteration
    step, compared = deflated(variant, device_type, length_ns * samples), agreement(variant)
    if step is None or compared is None:
        return _NOTHING
    if compared.finding in ("longer", "shorter"):
        return LevelParts((), 0, in_words(compared))
    shown = abs(step.not_in_trace_ns) > unseen_ns * samples
    if shown and step.not_in_trace_ns < 0:
        return LevelParts((), 0, _TOO_LONG)
    parts = tuple((c.value, ns) for c, ns in step.by_category_ns.items() if ns > 0)
    return LevelParts(parts, step.not_in_trace_ns if shown else 0)


_TOO_LONG = (
    "its traced step is longer than the bar even without what the profiler added, so it does not "
    "tell how the bar divides"
)

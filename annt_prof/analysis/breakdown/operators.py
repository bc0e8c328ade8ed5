"""What kind of work the host's operators do, for steps that have no device to do it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import edges_of, innermost, time_by_label
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import KernelClass, Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline

_CLASSES = tuple(KernelClass)

# The first pattern that is found decides. Source: names of torch's native functions, 1.8 to 2.15.
_PATTERNS = (
    (KernelClass.ATTENTION, r"attention"),
    (KernelClass.CONV, r"conv(olution|_depthwise|\d|_transpose)"),
    (KernelClass.REDUCTION, r"vector_norm|foreach_norm|linalg_norm"),
    (KernelClass.NORM, r"(batch|layer|group|instance|rms)_?norm"),
    (
        KernelClass.GEMM,
        r"::(addmm|mm|bmm|baddbmm|addbmm|matmul|mv|addmv|dot|vdot|einsum)(_out)?$|linear",
    ),
    (KernelClass.CAST, r"::_to_copy"),
    (
        KernelClass.REDUCTION,
        r"::(sum|mean|amax|amin|max|min|argmax|argmin|prod|var|std|any|all|logsumexp)"
        r"|softmax|nll_loss|pool|loss",
    ),
    (
        KernelClass.MEMORY,
        r"::(copy_|clone|contiguous|cat|stack|index|gather|scatter|fill_|zero_|flip|roll"
        r"|embedding|upsample|constant_pad|reflection_pad|masked_fill)",
    ),
    (
        KernelClass.ELEMENTWISE,
        r"::_?(foreach_|native_)?(add|sub|rsub|mul|div|neg|abs|sqrt|rsqrt|pow|exp|log|relu"
        r"|gelu|silu|elu|sigmoid|tanh|hardswish|hardsigmoid|hardtanh|leaky_relu|threshold"
        r"|dropout|bernoulli|where|clamp|lerp|addcmul|addcdiv|eq|ne|lt|gt|le|ge)",
    ),
)


def operator_class(name: str) -> KernelClass | None:
    """Classify an operator; None for those that compute nothing, such as views."""
    for kind, pattern in _PATTERNS:
        if re.search(pattern, name):  # compiled once, and not for a trace of a device
            return kind
    return None


def passes_by_class(timeline: Timeline) -> dict[str, int]:
    """Return the time of forward and backward by what their operators do, over all steps.

    The innermost operator that computes has the time; what is in none is left out. Operators
    count on the main thread and on autograd's.
    """
    trace, steps, phases = timeline.trace, timeline.whole_steps, timeline.phases
    events = trace.events
    classes = [operator_class(name) for name in trace.names]
    chosen = trace.names_where([kind is not None for kind in classes])
    chosen &= events.of_kind(Kind.OPERATOR) & timeline.on_step_threads
    index = np.array([-1 if kind is None else _CLASSES.index(kind) for kind in classes])
    kinds = innermost(events.start_ns[chosen], events.end_ns[chosen], index[events.name[chosen]])
    edges = edges_of([kinds, phases.segments], steps.start_ns, steps.end_ns)
    phase = phases.segments.label_at(edges)
    passing = np.isin(phase, [PHASES.index(Phase.FORWARD), PHASES.index(Phase.BACKWARD)])
    label = np.where(passing, kinds.label_at(edges), -1)
    total = time_by_label(edges, label, len(_CLASSES), steps.start_ns, steps.end_ns).sum(axis=0)
    return {kind.value: int(ns) for kind, ns in zip(_CLASSES, total, strict=True) if ns}

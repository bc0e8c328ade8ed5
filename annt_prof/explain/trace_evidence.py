"""What a trace of any program tells a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.fused_update import fused_update
from annt_prof.analysis.path.path_time import time_on_path
from annt_prof.analysis.timeline.copies_from_host import copies_from_host
from annt_prof.analysis.timeline.host_work import own_host_work_ns
from annt_prof.analysis.timeline.long_delays import long_delays_ns
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import KernelClass, Precision, Unattributed
from annt_prof.explain.device_kernels import device_kernel_ns
from annt_prof.explain.path_bounds import path_of_trace
from annt_prof.techniques.evidence import Evidence

if TYPE_CHECKING:
    from annt_prof.trace.columns import Trace


def evidence_of_trace(trace: Trace, accelerator: bool | None = None) -> Evidence:
    """Return the evidence of a trace's mean step, the profiler's slowing included.

    What lies on its critical path is told of the step as it was traced: how much the profiler held
    the host up is not known. The ceilings of the machine that it was recorded on are not known.

    Args:
        trace: Of any PyTorch program.
        accelerator: Whether the program used one; None where only the trace can tell.

    Raises:
        UserError: The trace holds no step that can be told apart, or not what its device did.
    """
    timeline = Timeline(trace, accelerator=accelerator)
    mean = break_down(timeline).mean
    on_path = time_on_path(timeline)
    return Evidence(
        device_type="cuda" if len(timeline.activities) else "cpu",
        step_ns=mean.step_ns,
        category_ns=dict(mean.by_category_ns),
        kernel_ns=device_kernel_ns(mean)
        or {KernelClass(name): ns for name, ns in mean.operator_ns.items()},
        host_bound_ns=mean.host_bound_ns,
        matrix_ns={
            KernelClass(kind): {Precision(name): ns for name, ns in told.items()}
            for kind, told in mean.kernel_precision_ns.items()
        },
        queued_long_ns=long_delays_ns(timeline) if len(timeline.activities) else 0,
        host_work_ns=own_host_work_ns(timeline) if len(timeline.activities) else 0,
        copies_from_host=copies_from_host(timeline),
        fused_update=fused_update(timeline),
        idle_unknown_ns=mean.unattributed_ns.get(Unattributed.IDLE_UNKNOWN, 0),
        path=None if on_path is None else path_of_trace(on_path),
    )

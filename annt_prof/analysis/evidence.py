"""What a trace of any program tells a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import KernelClass
from annt_prof.techniques.evidence import Evidence

if TYPE_CHECKING:
    from annt_prof.analysis.breakdown import MeanBreakdown
    from annt_prof.techniques.evidence import Ceilings


def evidence_of_trace(mean: MeanBreakdown, ceilings: Ceilings | None) -> Evidence:
    """Return the evidence of a trace's mean step, the profiler's slowing included.

    Args:
        mean: Of the steps to improve.
        ceilings: Of the machine that the trace was recorded on, where they are known.
    """
    return Evidence(
        device_type="cuda" if mean.kernel_ns else "cpu",
        step_ns=mean.step_ns,
        category_ns=dict(mean.by_category_ns),
        kernel_ns={
            KernelClass(name): ns for name, ns in (mean.kernel_ns or mean.operator_ns).items()
        },
        host_bound_ns=mean.host_bound_ns,
        ceilings=ceilings,
    )

"""What a trace of any program tells a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.breakdown import break_down
from annt_prof.analysis.precision import matrix_precision
from annt_prof.categories import KernelClass
from annt_prof.techniques.evidence import Evidence

if TYPE_CHECKING:
    from annt_prof.trace.columns import Trace


def evidence_of_trace(trace: Trace) -> Evidence:
    """Return the evidence of a trace's mean step, the profiler's slowing included.

    The ceilings of the machine that it was recorded on are not known.

    Raises:
        UserError: The trace holds no step that can be told apart.
    """
    mean, precision = break_down(trace).mean, matrix_precision(trace)
    return Evidence(
        device_type="cuda" if mean.kernel_ns else "cpu",
        step_ns=mean.step_ns,
        category_ns=dict(mean.by_category_ns),
        kernel_ns={
            KernelClass(name): ns for name, ns in (mean.kernel_ns or mean.operator_ns).items()
        },
        host_bound_ns=mean.host_bound_ns,
        sixteen_bits=precision.sixteen_bits,
        tf32=precision.tf32,
    )

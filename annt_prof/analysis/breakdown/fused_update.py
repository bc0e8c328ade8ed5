"""Whether the optimizer's kernels are those of a fused implementation already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.breakdown.step_times import column
from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.categories import Category
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline

# Source: aten/src/ATen/native/cuda/fused_adam_impl.cu, FusedSgdKernel.cu and MultiTensorApply.cuh.
_FUSED_KERNEL = re.compile(r"Fused(Optimizer|Adam|Sgd|SGD|Adagrad)")
# Optimizers that are one kernel over lists of tensors bear it in their name, as those of Apex and
# DeepSpeed do; torch marks each step with the optimizer's.
_STEP, _FUSED_STEP = "Optimizer.step#", "Optimizer.step#Fused"

LEAST_SHARE = 0.9
"""Least share of the optimizer's device time in fused kernels.

It is a choice: beside them torch's fused optimizers count steps by small kernels of their own.
"""


def fused_update(timeline: Timeline) -> bool:
    """Tell whether the whole steps update parameters by fused kernels alone.

    Args:
        timeline: Of any trace; of one without a device nothing is known, which is a no.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.whole_steps
    stepping = first_come(steps.start_ns, steps.end_ns)
    updating = trace.names_where([name.startswith(_STEP) for name in trace.names])
    updating &= events.of_kind(Kind.ANNOTATION)
    updates = np.flatnonzero(updating)
    updates = updates[stepping.covers(events.start_ns[updates])]
    fused = np.array([name.startswith(_FUSED_STEP) for name in trace.names], bool)
    if len(timeline.activities) and len(updates) and fused[events.name[updates]].all():
        return True
    kernels = timeline.kernels
    kernels = kernels[stepping.covers(events.start_ns[kernels])]
    of_update = activity_categories(timeline, kernels) == column(Category.OPTIMIZER)
    kernels = kernels[of_update]
    spent_ns = events.end_ns[kernels] - events.start_ns[kernels]
    fused = np.array([bool(_FUSED_KERNEL.search(name)) for name in trace.names], bool)
    fused_ns = spent_ns[fused[events.name[kernels]]].sum()
    return bool(len(kernels)) and bool(fused_ns >= LEAST_SHARE * spent_ns.sum())

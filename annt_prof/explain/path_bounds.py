"""What a prediction is told of a step's critical path."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass, Phase, Precision
from annt_prof.compare.precisions import matrix_time_on_path
from annt_prof.techniques.path_evidence import PathEvidence

if TYPE_CHECKING:
    from annt_prof.analysis.path.on_path import OnPath
    from annt_prof.explain.agreement import Agreement
    from annt_prof.runs.record import Run, VariantRecord


def path_of_trace(on_path: OnPath) -> PathEvidence:
    """Return what a trace tells, of its step as it was traced."""
    return PathEvidence(
        device_ns={Category(name): ns for name, ns in on_path.device_ns.items()},
        kernel_ns={KernelClass(name): ns for name, ns in on_path.kernel_ns.items()},
        matrix_ns={
            KernelClass(kind): {Precision(name): ns for name, ns in told.items()}
            for kind, told in on_path.kernel_precision_ns.items()
        },
        host_ns=on_path.host_ns,
        launch_ns={KernelClass(name): ns for name, ns in on_path.launch_ns.items()},
        sync_ns=on_path.sync_ns,
        queued_ns=on_path.queued_ns - on_path.queued_busy_ns - on_path.queued_long_ns,
        unknown_ns=on_path.unknown_ns - on_path.unknown_busy_ns,
        beside_busy_ns=on_path.queued_busy_ns + on_path.unknown_busy_ns,
        waits=frozenset(on_path.waits),
        waits_for_copies=on_path.copies_waited_for > 0 or Phase.H2D_COPY in on_path.waits,
    )


def path_of_run(
    variant: VariantRecord, run: Run, compared: Agreement | None
) -> PathEvidence | None:
    """Return what the traced step of a variant tells of its timed one.

    The profiler slows the host, so that the device decides less of a traced step than of a timed
    one. Without what it adds to the host's part of this path, that path is shorter by as much, and
    so no shorter than the traced step without it. The timed step is longer than that by what other
    paths decide, and as much more than lies on this one may be saved: what the profiler can have
    added at most, beyond what the timed step is shorter by.

    Args:
        variant: Of the run.
        run: That it was measured in.
        compared: Its traced step with its timed one; None where it lacks either.

    Returns:
        None where it was not recorded, and where the two steps do not show the same work.
    """
    on_path, breakdown, timed = variant.on_path, variant.breakdown, variant.step_time
    if on_path is None or breakdown is None or timed is None:
        return None
    if compared is None or compared.finding in ("longer", "shorter"):
        return None
    told = path_of_trace(on_path)
    slowed_ns = breakdown.step_ns - sum(on_path.device_ns.values())
    if compared.cost_ns is not None:
        slowed_ns = min(slowed_ns, compared.cost_ns + compared.beyond_cost_ns)
    shorter_ns = max(0, breakdown.step_ns - timed.within_epoch_ns)
    return dataclasses.replace(
        told,
        matrix_ns=matrix_time_on_path(on_path, variant, run),
        inflation_ns=max(0, slowed_ns - shorter_ns),
    )

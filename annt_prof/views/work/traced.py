"""A trace of a variant as the sheets of kernels and operators look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.tables.kernel_parts import KernelParts
    from annt_prof.analysis.tables.operator_table import OperatorTable
    from annt_prof.runs.digests import Digest
    from annt_prof.views.screens.source import Source


@dataclass(frozen=True, eq=False)
class Traced:
    """What one trace tells of kernels and operators.

    Attributes:
        name: Of the variant, or of the file.
        analysis: With as many kernels as there may be rows.
        operators: None where the trace has none.
        parts: Of the kernels; None where the trace has none.
        samples: Of a step, which is an iteration; None where it is not known.
    """

    name: str
    analysis: Analysis
    operators: OperatorTable | None
    parts: KernelParts | None
    samples: int | None = None

    @property
    def has_kernels(self) -> bool:
        """Whether a kernel began within the steps."""
        return self.parts is not None and bool(self.parts.parts)


def traced_of(source: Source, name: str, digest: Digest) -> Traced:
    """Return what a digest tells.

    Args:
        source: That the trace is of.
        name: Of the variant, or of the file.
        digest: Of its trace.
    """
    record = source.variant(name) if isinstance(source, RunSource) else None
    samples = None if record is None else record.samples_per_iteration or None
    return Traced(name, digest.analysis, digest.operators, digest.kernel_parts, samples)


def first_traced(source: Source) -> str:
    """Return the first variant whose trace is there; of those that are not, the first.

    Raises:
        UserError: No variant was traced, or the source cannot be read.
    """
    traces = source.traces
    if not traces:
        raise UserError("no variant was traced, so kernels are not known", where=source.title)
    there = (name for name, path in traces.items() if path.is_file())
    return next(there, next(iter(traces)))

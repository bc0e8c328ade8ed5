"""A trace of a variant as the sheets of kernels and operators look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.tables.kernel_parts import KernelParts
    from annt_prof.analysis.tables.operator_table import OperatorTable


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

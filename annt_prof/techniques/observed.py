"""What one batch of the baseline showed: which operators ran, on what, how often an epoch."""

from __future__ import annotations

from dataclasses import dataclass

CONVOLUTIONS = ("conv",)
PRODUCTS = (
    *("mm", "mv", "matmul", "dot", "linear", "linalg", "einsum", "attention"),
    *("rnn", "lstm", "gru", "cell"),
)
"""Of these one is in the name of every operator of torch's that multiplies matrices.

Source: aten/src/ATen/native/native_functions.yaml.
"""

_TORCH = frozenset({"aten", "prim", "prims", "profiler"})


@dataclass(frozen=True)
class Observed:
    """One batch through the baseline's model and loss, forward and backward, before any technique.

    Attributes:
        device_type: ``cpu`` or ``cuda``.
        operators: Names such as ``aten::mm``, of everything that ran below autograd.
        float32_operators: Those that got a float32 tensor.
        attention: Kernels that scaled dot-product attention ran: ``flash``, ``efficient``,
            ``cudnn``, ``math``; empty where it was never called, None where that is not known.
        dimensions: How many the inputs, the parameters and the buffers have.
        batches_per_epoch: Incomplete ones are dropped.
        batch_bytes: Inputs and targets, as the data set hands them over.
        batch_on_device: Whether the data set hands them over on the device.
    """

    device_type: str
    operators: frozenset[str]
    float32_operators: frozenset[str]
    attention: frozenset[str] | None
    dimensions: frozenset[int]
    batches_per_epoch: int
    batch_bytes: int
    batch_on_device: bool

    def may_have_run(self, *parts: str) -> bool:
        """Return whether an operator of some kind may have run; a no is certain.

        Args:
            parts: What every operator of that kind has one of in its name. Others may have it
                too, and what is not torch's own may do anything.
        """
        return _may(self.operators, parts)

    def may_have_run_in_float32(self, *parts: str) -> bool:
        """Return the same of operators that got a float32 tensor."""
        return _may(self.float32_operators, parts)


def nothing_to_copy(_options: object, observed: Observed) -> str | None:
    """Return why what speeds up copies of batches does not act, or None."""
    if observed.batch_on_device:
        return "the data set's samples lie on the device already, so no batch is copied"
    return None


def _may(operators: frozenset[str], parts: tuple[str, ...]) -> bool:
    for operator in operators:
        library, _, name = operator.partition("::")
        if library not in _TORCH or any(part in name for part in parts):
            return True
    return False

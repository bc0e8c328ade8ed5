"""What lower precision does to a training's numbers, and how many operations a step has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Rounding(NamedTuple):
    """What rounding one kind of number to a lower precision does; see ``runs.record``."""

    of: str
    dtype: str
    mean_absolute_error: float
    mean_absolute_value: float
    underflow: float
    overflow: float


def flops_per_iteration(
    model: torch.nn.Module, criterion: Criterion, inputs: torch.Tensor, targets: torch.Tensor
) -> int:
    """Count the floating-point operations of one forward and backward pass.

    Matrix products, convolutions and attention count, a multiplication and an addition each as
    one operation; elementwise work does not. Gradients are left as they were.

    Source: torch.utils.flop_counter.
    """
    with FlopCounterMode(display=False) as counter:
        criterion(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
    model.zero_grad(set_to_none=True)
    return int(counter.get_total_flops())


class _Sums:
    """Adds up what rounding to a dtype does to tensors."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._error = self._size = 0.0
        self._count = self._lost = self._overflown = 0

    def add(self, tensor: torch.Tensor) -> None:
        """Count one tensor of float32."""
        if tensor.dtype != torch.float32 or not tensor.numel():
            return
        exact = tensor.detach()
        rounded = exact.to(self._dtype).float()
        finite = torch.isfinite(rounded)
        self._error += float((exact - rounded)[finite].abs().sum(dtype=torch.float64))
        self._size += float(exact[finite].abs().sum(dtype=torch.float64))
        self._count += exact.numel()
        self._lost += int(((rounded == 0) & (exact != 0)).sum())
        self._overflown += int((~finite & torch.isfinite(exact)).sum())

    def result(self, of: str) -> Rounding | None:
        """Return the means; None where nothing was added."""
        if not self._count:
            return None
        within = max(self._count - self._overflown, 1)
        return Rounding(
            of=of,
            dtype=str(self._dtype).removeprefix("torch."),
            mean_absolute_error=self._error / within,
            mean_absolute_value=self._size / within,
            underflow=self._lost / self._count,
            overflow=self._overflown / self._count,
        )


def quantisation_errors(
    model: torch.nn.Module,
    criterion: Criterion,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    dtype: torch.dtype,
) -> tuple[Rounding, ...]:
    """Return mean |x - Q(x)| of parameters, activations and gradients on one batch.

    The passes run in full precision, so that each number is known exactly before it is rounded;
    activations are the outputs of modules without children. Gradients are not scaled here: their
    underflow is what loss scaling is there to prevent.

    Source: the paper's equation of the quantisation error; Micikevicius et al., Mixed Precision
    Training, ICLR 2018, section 3.2 on the range of gradients.
    """
    activations, gradients, parameters = _Sums(dtype), _Sums(dtype), _Sums(dtype)

    def seen(_module: torch.nn.Module, _arguments: Any, output: Any) -> None:
        for tensor in _tensors(output):
            activations.add(tensor)

    hooks = [m.register_forward_hook(seen) for m in model.modules() if not list(m.children())]
    try:
        criterion(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
    finally:
        for hook in hooks:
            hook.remove()
    for parameter in model.parameters():
        parameters.add(parameter)
        if parameter.grad is not None:
            gradients.add(parameter.grad)
    model.zero_grad(set_to_none=True)
    roundings = (
        parameters.result("parameters"),
        activations.result("activations"),
        gradients.result("gradients"),
    )
    return tuple(rounding for rounding in roundings if rounding is not None)


def _tensors(output: Any) -> Iterator[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, tuple | list):
        parts: Iterable[Any] = output
        for part in parts:
            yield from _tensors(part)

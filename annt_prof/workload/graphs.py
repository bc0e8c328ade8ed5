"""A model whose forward and backward passes are replayed from CUDA graphs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

import torch

from annt_prof.errors import UserError
from annt_prof.workload.unchanged import buffers_unchanged, random_numbers_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable

    Model = Callable[[torch.Tensor], torch.Tensor]


class _Captured(torch.nn.Module):
    """Stands between the loop and the model.

    Capturing replaces the ``forward`` of the module that it is given. It replaces this one's, so
    that the model itself stays eager for whoever counts its operations or looks inside it.

    Args:
        model: Owns the parameters that the captured backward pass is to return gradients of.
        call: What runs: the model itself, or its compiled form.
    """

    def __init__(self, model: torch.nn.Module, call: Model) -> None:
        super().__init__()
        self.model = model
        self._call = call

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run the model."""
        return self._call(inputs)


def capture(model: torch.nn.Module, call: Model, inputs: Any) -> Model:
    """Capture a model for inputs of this shape and dtype; the model itself stays eager.

    Autocast, without its cache of casted weights, and the choice of the attention kernel must be
    as they will be when the result is called: a replay asks neither. Nothing else may allocate
    device or page-locked memory meanwhile, so capture before a loader's pinning thread runs.

    Args:
        model: On a CUDA device, in training mode. Running statistics are left as they were, and
            random numbers too, so that dropout draws what it draws in eager training.
        call: What runs: the model itself, or its compiled form.
        inputs: A batch as the loop passes it.

    Raises:
        UserError: The inputs are more than one tensor.

    Source: torch.cuda.make_graphed_callables, whose notes ask for ``cache_enabled=False``;
    cudaStreamCaptureMode, of which thread_local forbids this thread alone to allocate; torch's
    Note [CUDA Graph-safe RNG states].
    """
    if not isinstance(inputs, torch.Tensor):
        raise UserError(
            "only passes over a single tensor are captured; a batch's inputs are a "
            f"{type(inputs).__name__} here",
            where="techniques.cuda_graphs",
        )
    make = torch.cuda.make_graphed_callables
    # Parameters that the pass does not use keep no gradient, as in eager training.
    further: dict[str, Any] = {"allow_unused_input": True}
    if "capture_error_mode" in inspect.signature(make).parameters:
        further["capture_error_mode"] = "thread_local"
    # Eager passes come before the capture, and draw. A replay begins where the generator stands by
    # then, which a graph reads anew each time, and moves it on as eager passes would; so the
    # generator may be put back once the graph is there.
    with buffers_unchanged(model), random_numbers_unchanged(inputs.device):
        graphed = make(_Captured(model, call), (inputs.detach().clone(),), **further)
    return cast("Model", graphed)


def keep_gradients(model: torch.nn.Module) -> None:
    """Let gradients outlive the replay that made them.

    A captured backward pass returns the same buffers at every replay. Where a parameter has no
    gradient yet, autograd takes the buffer itself for it, and the next replay overwrites what was
    to be added to. So the first one is copied; later ones are added to the copy.

    Call it after capturing, or the copies become part of the graph and are static in their turn.

    Source: pytorch issues 181723, for make_graphed_callables, and 169545, for torch.compile.
    """
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.register_hook(_copying_first(parameter))  # type: ignore[no-untyped-call]


def _copying_first(
    parameter: torch.nn.Parameter,
) -> Callable[[torch.Tensor], torch.Tensor | None]:
    def copied(gradient: torch.Tensor) -> torch.Tensor | None:
        return gradient.clone() if parameter.grad is None else None

    return copied

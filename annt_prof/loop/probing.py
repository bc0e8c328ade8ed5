"""One batch through the baseline's model and loss, in a process of its own.

No process that is measured runs it, so its first steps, its memory and its random numbers stay
what they would have been.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any, Never

import torch
import torch.nn.attention
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from annt_prof.errors import UserError
from annt_prof.loop.messages import Assignment, Looked
from annt_prof.techniques.observed import Observed
from annt_prof.workers.interrupts import outlive_interrupts
from annt_prof.workers.logs import print_to
from annt_prof.workers.messages import Failure
from annt_prof.workload.build import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from annt_prof.techniques.setup import TrainingSetup

# Source: aten/src/ATen/native/transformers/attention.cpp. The math kernel has no operator of its
# own: it is made of matrix products and a softmax.
_FUSED_ATTENTION = {
    "aten::_scaled_dot_product_flash_attention": "flash",
    "aten::_scaled_dot_product_flash_attention_for_cpu": "flash",
    "aten::_scaled_dot_product_efficient_attention": "efficient",
    "aten::_scaled_dot_product_cudnn_attention": "cudnn",
}
_OTHER_ATTENTION = "aten::_scaled_dot_product_fused_attention_overrideable"
_BACKENDS = {
    "flash": torch.nn.attention.SDPBackend.FLASH_ATTENTION,
    "efficient": torch.nn.attention.SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": torch.nn.attention.SDPBackend.CUDNN_ATTENTION,
}
# The first where none of the kernels that are allowed takes the inputs, the second where all are
# forbidden. Source: select_sdp_backend of aten/src/ATen/native/transformers/sdp_utils_cpp.cpp and
# cuda/sdp_utils.cpp; _fused_sdp_choice of attention.cpp.
_NO_KERNEL_LEFT = (
    "No available kernel",
    "No viable backend for scaled_dot_product_attention",
)


def look(connection: Connection[Looked | Failure, Never], assignment: Assignment) -> None:
    """Build the assigned scenario without techniques, run one batch and tell what was seen."""
    outlive_interrupts()
    multiprocessing.set_start_method(None, force=True)  # as in the processes that train
    print_to(assignment.log)
    try:
        sys.path.insert(0, str(assignment.search_path))
        device = torch.device(assignment.device_type)
        setup = build(assignment.scenario, device, assignment.data_dir).setup
        reply: Looked | Failure = Looked(observe(setup))
    except UserError as error:
        reply = Failure("user_error", error.message, error.where, error.hint)
    with contextlib.suppress(BrokenPipeError):  # an interrupted run no longer listens
        connection.send(reply)


def observe(setup: TrainingSetup) -> Observed | None:
    """Tell what a batch is and what the model does with it.

    Returns:
        None where the batch cannot be made here or the passes fail: the warm-up fails likewise,
        and says why.

    Raises:
        UserError: The batch is no pair, or the model returns no tensor: no loop could train them.
    """
    lazy = any(map(torch.nn.parameter.is_lazy, _tensors_of(setup.model)))
    try:
        if lazy or len(setup.dataset) < setup.loader.batch_size:  # type: ignore[arg-type]
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _observe(setup)
    except UserError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the warm-up will tell
        traceback.print_exc()
        return None


def _observe(setup: TrainingSetup) -> Observed:
    size = setup.loader.batch_size
    batch = torch.utils.data.default_collate([setup.dataset[index] for index in range(size)])
    inputs, targets = _pair(batch)
    held = [part for part in (inputs, targets) if isinstance(part, torch.Tensor)]
    there = (inputs.to(setup.device), targets.to(setup.device))
    setup.model.train()
    with _Recorder() as recorder:
        loss = setup.criterion(_logits(setup.model(there[0])), there[1])
        loss.backward()  # type: ignore[no-untyped-call]
    del loss
    measured = [*held[:1], *_tensors_of(setup.model)]
    return Observed(
        device_type=setup.device.type,
        operators=frozenset(recorder.operators),
        float32_operators=frozenset(recorder.in_float32),
        attention=_attention(setup.model, there[0], recorder.operators),
        dimensions=frozenset(tensor.dim() for tensor in measured),
        batches_per_epoch=len(setup.dataset) // size,  # type: ignore[arg-type]
        batch_bytes=sum(tensor.nbytes for tensor in held),
        batch_on_device=any(tensor.device.type != "cpu" for tensor in held),
    )


def _pair(batch: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return inputs and targets of what the step can unpack and send to a device."""
    whole = isinstance(batch, list | tuple) and len(batch) == 2
    if not whole or not all(hasattr(part, "to") for part in batch):
        raise UserError(
            f"a batch must be a pair of tensors (inputs, targets); got {_kind_of(batch)}",
            where="dataset.name",
            hint="let each item of the data set be (tensor, class index)",
        )
    return batch[0], batch[1]


def _kind_of(batch: Any) -> str:  # noqa: ANN401
    if isinstance(batch, list | tuple):
        return f"({', '.join(type(part).__name__ for part in batch)})"
    return type(batch).__name__


def _logits(returned: Any) -> torch.Tensor:  # noqa: ANN401
    if not isinstance(returned, torch.Tensor):
        raise UserError(
            f"a model must return a tensor of logits; got {type(returned).__name__}",
            where="model.name",
            hint="wrap it in a module whose forward returns the logits alone, such as "
            "outputs.logits, shape (batch, classes)",
        )
    return returned


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the names of operators as they run; compiled code runs eagerly under it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operators: set[str] = set()
        self.in_float32: set[str] = set()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401 - torch's signature
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        name = func._schema.name
        self.operators.add(name)
        leaves = tree_leaves((args, kwargs))
        if any(isinstance(leaf, torch.Tensor) and leaf.dtype == torch.float32 for leaf in leaves):
            self.in_float32.add(name)
        return func(*args, **(kwargs or {}))


def _attention(
    model: Callable[[Any], Any],
    inputs: Any,  # noqa: ANN401
    operators: set[str],
) -> frozenset[str] | None:
    """Return the kernels of scaled dot-product attention.

    Once every kernel but those that were seen is forbidden, another pass fails where something
    had run without one of them.
    """
    if _OTHER_ATTENTION in operators:
        return None
    seen = {kernel for operator, kernel in _FUSED_ATTENTION.items() if operator in operators}
    try:
        with torch.nn.attention.sdpa_kernel([_BACKENDS[kernel] for kernel in seen]), _Recorder():
            model(inputs)
    except RuntimeError as error:
        none_left = any(words in str(error) for words in _NO_KERNEL_LEFT)
        return frozenset({*seen, "math"}) if none_left else None
    return frozenset(seen)


def _tensors_of(model: torch.nn.Module) -> list[torch.Tensor]:
    return [*model.parameters(), *model.buffers()]

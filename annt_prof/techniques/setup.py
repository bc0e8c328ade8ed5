"""What a training loop is built from; techniques edit this value and never the loop.

Everything here is decided before the first step. The loop in ``runner.step`` only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

StepEvery = Literal["iteration", "optimizer_step", "epoch"]


@dataclass
class LoaderArguments:
    """How the DataLoader is built.

    Attributes:
        batch_size: Samples per iteration.
        num_workers: Loader processes; 0 loads in the training process.
        pin_memory: Whether batches land in page-locked host memory.
        prefetch_factor: Batches each worker keeps ready; None is torch's default of 2.
        persistent_workers: Whether workers outlive an epoch.
    """

    batch_size: int
    num_workers: int = 0
    pin_memory: bool = False
    prefetch_factor: int | None = None
    persistent_workers: bool = False


@dataclass
class OptimizerArguments:
    """How the optimizer is built, after techniques may have replaced the model.

    Attributes:
        name: ``sgd``, ``adam`` or ``adamw``.
        lr: Learning rate, per optimizer step.
        backbone_lr_factor: Multiplies ``lr`` for every parameter outside the classifier head.
        arguments: Further keyword arguments of the torch optimizer (weight_decay, fused, ...).
    """

    name: str
    lr: float
    backbone_lr_factor: float = 1.0
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class ScheduleArguments:
    """How the learning-rate schedule is built.

    Attributes:
        name: ``constant``, ``one_cycle``, ``cosine`` or ``exponential``.
        step_every: What advances it.
        epochs: Length of the whole training, which a cycle is laid over.
        arguments: Further keyword arguments of the torch scheduler (gamma, max_lr, ...).
    """

    name: str
    step_every: StepEvery = "optimizer_step"
    epochs: int = 1
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GradientClipping:
    """Clip gradients by ``norm`` (all together) or by ``value`` (each element) at ``limit``."""

    kind: Literal["norm", "value"]
    limit: float


@dataclass(frozen=True)
class Autocast:
    """Mixed precision: autocast's dtype, and whether the backward pass runs inside it too."""

    dtype: torch.dtype
    covers_backward: bool = False


@dataclass
class TrainingSetup:
    """The declaration of one variant's training loop.

    Attributes:
        device: Where the model and the batches live.
        model: Maps a batch of inputs to logits, shape (batch, classes).
        criterion: Maps (logits, targets) to a scalar loss.
        dataset: The training split; items are (input, target).
        autocast: None runs everything in the model's own precision.
        grad_scaling: Whether a GradScaler scales the loss.
        accumulation: Iterations per optimizer step.
        non_blocking: Whether host-to-device copies may return before they end.
        remarks: What a reader must know about this variant; shown in every output.
    """

    device: torch.device
    model: torch.nn.Module
    criterion: Criterion
    dataset: torch.utils.data.Dataset[Any]
    loader: LoaderArguments
    optimizer: OptimizerArguments
    schedule: ScheduleArguments
    clipping: GradientClipping | None = None
    autocast: Autocast | None = None
    grad_scaling: bool = False
    accumulation: int = 1
    non_blocking: bool = False
    remarks: list[str] = field(default_factory=list)

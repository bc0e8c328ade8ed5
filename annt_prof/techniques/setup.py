"""What a training loop is built from; techniques edit this value and never the loop.

Everything here is decided before the first step. The loop in ``loop.step`` only reads it.
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


@dataclass(frozen=True)
class Compilation:
    """How ``torch.compile`` is called; the words are its own."""

    mode: str
    dynamic: bool | None
    fullgraph: bool

    @property
    def captures(self) -> bool:
        """Whether the mode captures CUDA graphs. Source: torch._inductor.list_mode_options."""
        return self.mode in ("reduce-overhead", "max-autotune")


@dataclass
class GlobalFlags:
    """Switches of the whole process, set before anything is built; None leaves torch's default.

    Attributes:
        tf32: Whether float32 matrix products and convolutions may round to TF32.
        cudnn_benchmark: Whether cuDNN times its algorithms for each new shape.
    """

    tf32: bool | None = None
    cudnn_benchmark: bool | None = None


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
        set_to_none: Whether zeroing drops gradients, rather than filling them with zeros.
        channels_last: Whether model and inputs are laid out channels last.
        attention: Kernel of scaled dot-product attention: ``flash``, ``efficient``, ``cudnn`` or
            ``math``; None lets torch choose.
        compilation: None runs the model eagerly.
        cuda_graphs: Whether forward and backward are captured once and replayed.
        device_prefetch: Whether the next batch is copied on a stream of its own.
        dataset_on_device: Whether all samples lie on the device, so that nothing is loaded.
        transform_on_device: Whether images are transformed in batches on the device.
        checkpointing: Blocks compute their activations again in the backward pass; whether with
            the same random numbers. None keeps activations.
        batch_transform: What is done to a batch of inputs once it is on the device.
        flags: Of the process.
        remarks: What a reader must know about this variant, one sentence each, without the name
            of the technique that adds it; shown in every output.
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
    set_to_none: bool = True
    channels_last: bool = False
    attention: str | None = None
    compilation: Compilation | None = None
    cuda_graphs: bool = False
    device_prefetch: bool = False
    dataset_on_device: bool = False
    transform_on_device: bool = False
    checkpointing: Literal["same_random_numbers", "other_random_numbers"] | None = None
    batch_transform: Callable[[torch.Tensor], torch.Tensor] | None = None
    flags: GlobalFlags = field(default_factory=GlobalFlags)
    remarks: list[str] = field(default_factory=list)

    @property
    def replays(self) -> bool:
        """Whether passes are replayed from CUDA graphs, captured here or by ``torch.compile``."""
        compiled = self.compilation is not None and self.compilation.captures
        return self.cuda_graphs or (compiled and self.device.type == "cuda")

    @property
    def scaler_waits(self) -> bool:
        """Whether the gradient scaler reads its overflow flag on the host, which then waits.

        Source: torch.amp.GradScaler.step: only a fused optimizer takes the flag as a tensor.
        """
        fused = self.optimizer.arguments.get("fused")
        return self.grad_scaling and self.device.type == "cuda" and not fused

    @property
    def has_batch_norm(self) -> bool:
        """Whether batch norm is in the model."""
        import torch

        batch_norm = torch.nn.modules.batchnorm._BatchNorm
        return any(isinstance(module, batch_norm) for module in self.model.modules())

    @property
    def gradients_outlive_a_replay(self) -> bool:
        """Whether a gradient is still there as the next backward pass begins."""
        return self.accumulation > 1 or not self.set_to_none

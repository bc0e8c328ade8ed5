"""The typed scenario. Field names are the keys of a scenario file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from annt_prof.techniques.technique import Options


class Section(BaseModel):
    """A part of a scenario: frozen, strict about types, closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ModelChoice(Section):
    """Which network is trained."""

    source: Literal["torchvision", "timm", "transformers", "python"]
    name: str = Field(description="The source's own name; for python, module:factory.")
    pretrained: bool = Field(default=False, description="Start from the cached trained weights.")
    stem: Literal["imagenet", "cifar"] = Field(
        default="imagenet",
        description="cifar: a 3x3 stride-1 first convolution and no max-pool (ResNets only).",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Passed to the factory.")


Augmentation = Literal["random_crop", "horizontal_flip", "random_affine"]


class DatasetChoice(Section):
    """What it is trained on, and how it is loaded."""

    name: str = Field(description="cifar10, cifar100, digits, synthetic, or module:factory.")
    image_size: int = Field(default=32, ge=1, le=4096, description="Pixels per side.")
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    batch_size: int = Field(ge=1, description="Samples per iteration.")
    workers: int = Field(default=0, ge=0, description="Loader processes; 0 loads in-process.")
    pin_memory: bool = Field(default=False, description="Pinned batches in the baseline too.")
    non_blocking: bool = Field(default=False, description="Async copies in the baseline too.")
    augmentation: tuple[Augmentation, ...] = ()
    arguments: dict[str, Any] = Field(default_factory=dict, description="Passed to the factory.")


class ClippingChoice(Section):
    """Gradient clipping in every variant."""

    kind: Literal["norm", "value"]
    limit: float = Field(gt=0)


class OptimizerChoice(Section):
    """How parameters are updated."""

    name: Literal["sgd", "adam", "adamw"] = "sgd"
    lr: float = Field(default=0.01, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.0, ge=0, lt=1, description="SGD only.")
    nesterov: bool = Field(default=False, description="SGD only.")
    backbone_lr_factor: float = Field(
        default=1.0, gt=0, description="Multiplies lr for every parameter outside the classifier."
    )
    clipping: ClippingChoice | None = None


class ScheduleChoice(Section):
    """How the learning rate moves."""

    name: Literal["constant", "one_cycle", "cosine", "exponential"] = "constant"
    step_every: Literal["iteration", "optimizer_step", "epoch"] = "optimizer_step"
    epochs: int = Field(default=1, ge=1, description="Epochs of the whole training.")
    gamma: float = Field(default=1.0, gt=0, le=1, description="exponential only: factor per step.")


class LossChoice(Section):
    """What is minimised."""

    name: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)


class WindowChoice(Section):
    """How long and how often is measured. Iterations are micro-batches."""

    warmup: int = Field(default=5, ge=1, description="Untimed iterations before the first round.")
    iterations: int = Field(default=10, ge=1, description="Timed iterations per window.")
    switch_in: int = Field(
        default=2, ge=0, description="Iterations run, but dropped, as a window starts."
    )
    rounds: int = Field(default=30, ge=1, description="Rounds at most.")
    min_rounds: int = Field(default=5, ge=1, description="Rounds before an early stop.")
    precision: float = Field(
        default=0.02, gt=0, description="Stop once every 95 % interval is within this of its ratio."
    )
    time_budget_s: float = Field(default=90.0, gt=0, description="Seconds of measuring at most.")
    traced_iterations: int = Field(default=4, ge=1, description="Iterations under the profiler.")


@dataclass(frozen=True)
class ChosenTechnique:
    """One entry of the tuning mix: the technique's name and its validated options."""

    name: str
    options: Options


class Scenario(Section):
    """A model, a dataset, a tuning mix, and how to measure it."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    model: ModelChoice
    dataset: DatasetChoice
    optimizer: OptimizerChoice = OptimizerChoice()
    schedule: ScheduleChoice = ScheduleChoice()
    loss: LossChoice = LossChoice()
    techniques: Annotated[tuple[Any, ...], "ChosenTechnique"] = ()
    window: WindowChoice = WindowChoice()
    seed: int = Field(default=0, ge=0)

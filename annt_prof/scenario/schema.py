"""The typed scenario. Field names are the keys of a scenario file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, InstanceOf, PlainValidator
from pydantic_core import PydanticCustomError

from annt_prof.errors import suggestion
from annt_prof.scenario.budgets import Budgets
from annt_prof.scenario.mix import STRICT, ChosenTechnique, parse_mix

__all__ = ["ChosenTechnique", "Scenario", "Section"]

SHIPPED_DATASETS = ("cifar10", "cifar100", "digits", "synthetic")


class Section(BaseModel):
    """A part of a scenario: frozen, strict about types, closed to unknown keys."""

    model_config = STRICT


def _known_dataset(name: str) -> str:
    module, colon, factory = name.partition(":")
    if name in SHIPPED_DATASETS or (colon and module and factory):
        return name
    raise PydanticCustomError(
        "dataset",
        'unknown dataset "{name}"; {suggestion} (a dataset of your own is named module:factory)',
        {"name": name, "suggestion": suggestion(name, SHIPPED_DATASETS)},
    )


class ModelChoice(Section):
    """Which network is trained."""

    source: Literal["torchvision", "timm", "transformers", "python"] = Field(
        description="The library that builds it; python is a factory of your own."
    )
    name: str = Field(
        min_length=1, description="The source's own name; for python, module:factory."
    )
    pretrained: bool = Field(default=False, description="Start from the cached trained weights.")
    stem: Literal["imagenet", "cifar"] = Field(
        default="imagenet",
        description="cifar: a 3x3 stride-1 first convolution and no max-pool (ResNets only).",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Passed to the factory.")


Augmentation = Literal["random_crop", "horizontal_flip", "random_affine"]


class DatasetChoice(Section):
    """What it is trained on, and how it is loaded."""

    name: Annotated[str, AfterValidator(_known_dataset)] = Field(
        description="cifar10, cifar100, digits, synthetic, or module:factory."
    )
    image_size: int = Field(default=32, ge=1, le=4096, description="Pixels per side.")
    interpolation: Literal["bilinear", "bicubic"] = Field(
        default="bilinear", description="How images are resized to image_size."
    )
    batch_size: int = Field(ge=1, le=1_000_000, description="Samples per iteration.")
    workers: int = Field(
        default=0, ge=0, le=1024, description="Loader processes; 0 loads in-process."
    )
    pin_memory: bool = Field(default=False, description="Pinned batches in the baseline too.")
    non_blocking: bool = Field(default=False, description="Async copies in the baseline too.")
    augmentation: tuple[Augmentation, ...] = Field(
        default=(),
        strict=False,  # YAML has lists only
        description="In this order, on each training image: random_crop pads 4 pixels, "
        "reflected; horizontal_flip mirrors every other image; random_affine turns, shifts and "
        "scales a little.",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Passed to the factory.")


class ClippingChoice(Section):
    """Gradient clipping in every variant."""

    kind: Literal["norm", "value"] = Field(
        description="norm limits the length of the whole gradient, value each element."
    )
    limit: float = Field(gt=0, description="The largest norm or absolute value let through.")


class OptimizerChoice(Section):
    """How parameters are updated."""

    name: Literal["sgd", "adam", "adamw"] = Field(default="sgd", description="The update rule.")
    lr: float = Field(
        default=0.01, gt=0, description="Learning rate; for one_cycle, its highest value."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="L2 penalty; decoupled in adamw.")
    momentum: float = Field(default=0.0, ge=0, lt=1, description="sgd only.")
    nesterov: bool = Field(default=False, description="sgd only: Nesterov's momentum.")
    backbone_lr_factor: float = Field(
        default=1.0, gt=0, description="Multiplies lr for every parameter outside the classifier."
    )
    set_to_none: bool = Field(
        default=True, description="Zeroing drops gradients, as torch does, or fills them."
    )
    clipping: ClippingChoice | None = Field(
        default=None, description="Gradient clipping in every variant; null for none."
    )


class ScheduleChoice(Section):
    """How the learning rate moves."""

    name: Literal["constant", "one_cycle", "cosine", "exponential"] = Field(
        default="constant", description="The shape of the learning rate over the training."
    )
    step_every: Literal["iteration", "optimizer_step", "epoch"] = Field(
        default="optimizer_step", description="What advances the schedule."
    )
    epochs: int = Field(
        default=1, ge=1, le=100_000, description="Epochs of the whole training it is laid over."
    )
    gamma: float = Field(default=1.0, gt=0, le=1, description="exponential only: factor per step.")


class LossChoice(Section):
    """What is minimised."""

    name: Literal["cross_entropy"] = Field(default="cross_entropy", description="The criterion.")
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="Share of the target spread over all classes."
    )


class WindowChoice(Section):
    """How long and how often is measured. Iterations are micro-batches."""

    warmup: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="Untimed iterations before the first round, rounded up to optimizer steps.",
    )
    iterations: int = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="Timed iterations per window, rounded up to optimizer steps.",
    )
    switch_in: int = Field(
        default=2,
        ge=0,
        le=100_000,
        description="Iterations dropped as a window starts, rounded up to optimizer steps.",
    )
    rounds: int = Field(default=300, ge=1, le=100_000, description="Rounds at most.")
    rounds_per_launch: int = Field(
        default=12,
        ge=1,
        le=100_000,
        description="Rounds at most before fresh worker processes take over; fewer where the time "
        "budget would not hold min_launches otherwise.",
    )
    min_launches: int = Field(
        default=5,
        ge=2,
        le=100_000,
        description="Launches (processes of each variant, one after the other) before an early "
        "stop; intervals come from what differs between launches.",
    )
    precision: float = Field(
        default=0.01, gt=0, description="Stop once every 95 % interval is within this of its ratio."
    )
    time_budget_s: float = Field(
        default=90.0,
        gt=0,
        description="Seconds of measuring, with every launch but the first; one round is always "
        "run.",
    )
    traced_iterations: int = Field(
        default=4,
        ge=1,
        le=100_000,
        description="Iterations under the profiler, rounded up to optimizer steps.",
    )


class Scenario(Section):
    """A model, a dataset, a tuning mix, and how to measure it."""

    name: str = Field(
        default="scenario",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Names the run's directory; the file's own name unless given.",
    )
    description: str = Field(default="", description="A line for the reader.")
    model: ModelChoice = Field(description="Which network is trained.")
    dataset: DatasetChoice = Field(description="What it is trained on, and how it is loaded.")
    optimizer: OptimizerChoice = Field(
        default=OptimizerChoice(), description="How parameters are updated."
    )
    schedule: ScheduleChoice = Field(
        default=ScheduleChoice(), description="How the learning rate moves."
    )
    loss: LossChoice = Field(default=LossChoice(), description="What is minimised.")
    techniques: Annotated[tuple[ChosenTechnique, ...], PlainValidator(parse_mix)] = Field(
        default=(), description="The tuning mix: techniques in order, each with its options."
    )
    design: Literal["auto", "alone", "leave-one-out", "factorial", "sampled"] = Field(
        default="auto",
        description="Which sets of techniques are measured beside the baseline and the whole mix: "
        "alone, each by itself; leave-one-out, also all but one; factorial, every set; sampled, "
        "those along a few random orders. auto is factorial on an accelerator with up to three "
        "techniques, else alone.",
    )
    window: WindowChoice = Field(
        default=WindowChoice(), description="How long and how often is measured."
    )
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="Of weights, data order, and the rounds' order."
    )
    budgets: InstanceOf[Budgets] = Field(  # as budget_reading reads them, with their places
        default_factory=Budgets,
        description="Limits that `annt-prof check` holds a run to; they change nothing in a run.",
    )

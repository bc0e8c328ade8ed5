"""From a finished setup to the objects of the loop: loader, optimizer, schedule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LRScheduler,
    OneCycleLR,
)

from annt_prof.errors import UserError
from annt_prof.workload.checkpointing import checkpoint_blocks
from annt_prof.workload.device_images import move_to_device
from annt_prof.workload.models.head import classifier_parameters
from annt_prof.workload.prefetching import DevicePrefetcher
from annt_prof.workload.resident import ResidentBatches
from annt_prof.workload.sampling import ShortenableBatches

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.techniques.setup import (
        GlobalFlags,
        OptimizerArguments,
        ScheduleArguments,
        TrainingSetup,
    )

    Batches = torch.utils.data.DataLoader[Any] | DevicePrefetcher | ResidentBatches

_OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

_SHORTEST_CYCLE = 2  # total steps


def set_flags(flags: GlobalFlags) -> None:
    """Set the process's switches that a technique has an opinion on."""
    if flags.tf32 is not None:
        torch.set_float32_matmul_precision("high" if flags.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = flags.tf32
    if flags.cudnn_benchmark is not None:
        torch.backends.cudnn.benchmark = flags.cudnn_benchmark


def make_model(setup: TrainingSetup) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what the step calls: the model, wrapped, laid out and compiled as declared.

    Raises:
        UserError: Blocks are to be wrapped, and the model has none.
    """
    if setup.checkpointing is not None:
        same = setup.checkpointing == "same_random_numbers"
        checkpoint_blocks(setup.model, preserve_rng_state=same)
    if setup.channels_last:
        setup.model.to(memory_format=torch.channels_last)
    if setup.compilation is None:
        return setup.model
    declared = setup.compilation
    compiled: Callable[[torch.Tensor], torch.Tensor] = torch.compile(
        setup.model,
        mode=declared.mode,
        dynamic=declared.dynamic,
        fullgraph=declared.fullgraph,
    )
    return compiled


def make_batches(setup: TrainingSetup, seed: int) -> Batches:
    """Return what an epoch's batches come from.

    Raises:
        UserError: As ``make_loader``; or the data set does not fit on the device, or cannot be
            transformed there.
    """
    if setup.transform_on_device and setup.batch_transform is None:
        move_to_device(setup)
    if setup.dataset_on_device:
        return ResidentBatches(setup.dataset, setup.loader.batch_size, setup.device, seed)
    loader = make_loader(setup, seed)
    return DevicePrefetcher(loader, setup.device) if setup.device_prefetch else loader


def make_loader(setup: TrainingSetup, seed: int) -> torch.utils.data.DataLoader[Any]:
    """Return the training loader: shuffled by ``seed``, incomplete batches dropped.

    Raises:
        UserError: The dataset has no length, or fewer samples than one batch.
    """
    arguments = setup.loader
    try:
        samples = len(setup.dataset)  # type: ignore[arg-type]
    except TypeError:
        raise UserError(
            "the dataset has no length, and an epoch must have one", where="dataset.name"
        ) from None
    if samples < arguments.batch_size:
        raise UserError(
            f"a batch of {arguments.batch_size} needs more samples than the dataset's {samples}",
            where="dataset.batch_size",
            hint=f"{samples} at most",
        )
    # These two are refused by the loader where there are no workers.
    of_workers: dict[str, Any] = {}
    if arguments.num_workers:
        of_workers = {
            "persistent_workers": arguments.persistent_workers,
            "prefetch_factor": arguments.prefetch_factor,
        }
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.utils.data.RandomSampler(setup.dataset, generator=generator)  # type: ignore[arg-type]
    batches = torch.utils.data.BatchSampler(shuffled, arguments.batch_size, drop_last=True)
    return torch.utils.data.DataLoader(
        setup.dataset,
        batch_sampler=ShortenableBatches(batches),
        num_workers=arguments.num_workers,
        pin_memory=arguments.pin_memory,
        generator=generator,
        **of_workers,
    )


def make_optimizer(arguments: OptimizerArguments, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer, with the backbone's parameters in a group of their own if asked.

    Raises:
        UserError: The optimizer refuses an argument.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [{"params": trained}]
    if arguments.backbone_lr_factor != 1.0:
        head = [p for p in classifier_parameters(model) if p.requires_grad]
        inside = {id(p) for p in head}
        backbone_lr = arguments.lr * arguments.backbone_lr_factor
        groups = [
            {"params": [p for p in trained if id(p) not in inside], "lr": backbone_lr},
            {"params": head},
        ]
    try:
        return _OPTIMIZERS[arguments.name](groups, lr=arguments.lr, **arguments.arguments)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{arguments.name} refuses its arguments: {error}", where="optimizer"
        ) from None


def make_schedule(
    arguments: ScheduleArguments,
    optimizer: torch.optim.Optimizer,
    iterations_per_epoch: int,
    accumulation: int,
) -> LRScheduler | None:
    """Return the schedule over the whole training, or None for a constant rate.

    An incomplete last group of an epoch counts as an optimizer step, as the loop makes it one.

    A measured window may outlive the training that the scenario describes; a one-cycle schedule
    then starts anew instead of raising, which costs the same per step. The other two go on.

    Args:
        arguments: What to build.
        optimizer: Whose rates it moves.
        iterations_per_epoch: Batches in an epoch.
        accumulation: Iterations per optimizer step.
    """
    per_epoch = {
        "iteration": iterations_per_epoch,
        "optimizer_step": math.ceil(iterations_per_epoch / accumulation),
        "epoch": 1,
    }[arguments.step_every]
    total = arguments.epochs * per_epoch
    match arguments.name:
        case "constant":
            return None
        case "one_cycle":
            return _one_cycle(arguments, optimizer, total)
        case "cosine":
            return CosineAnnealingLR(optimizer, T_max=total, **arguments.arguments)
        case _:
            return ExponentialLR(optimizer, **arguments.arguments)


def _one_cycle(
    arguments: ScheduleArguments, optimizer: torch.optim.Optimizer, total: int
) -> LRScheduler:
    rates = [group["lr"] for group in optimizer.param_groups]
    # By default torch cycles the momentum too, which would give one to an SGD that has none.
    has_momentum = optimizer.defaults.get("momentum") != 0
    keywords = {"max_lr": rates, "cycle_momentum": has_momentum, **arguments.arguments}
    return _EndlessOneCycle(optimizer, total_steps=max(total, _SHORTEST_CYCLE), **keywords)


class _EndlessOneCycle(OneCycleLR):
    """``OneCycleLR`` raises one step past its end; measuring goes on."""

    def step(self, epoch: int | None = None) -> None:
        """Advance by one, and from the end to the beginning."""
        if epoch is None and self.last_epoch >= self.total_steps - 1:
            self.last_epoch = -1
        super().step(epoch)

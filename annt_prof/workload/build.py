"""A scenario to the declaration of its baseline loop."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.techniques.setup import (
    GradientClipping,
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.datasets import make_dataset
from annt_prof.workload.models import make_model

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.schema import DatasetChoice, OptimizerChoice, Scenario, ScheduleChoice


@dataclass(frozen=True)
class Workload:
    """The baseline's declaration and what had to be replaced to make it."""

    setup: TrainingSetup
    substitutions: tuple[Substitution, ...]
    num_classes: int


def build(scenario: Scenario, device: torch.device, data_dir: Path | None) -> Workload:
    """Build model and dataset, seeded so that every variant gets the same.

    Args:
        scenario: What to build.
        device: Where the model goes.
        data_dir: Where data sets lie; None looks in the usual places.

    Raises:
        UserError: A name is unknown, a file is damaged, or a factory of the user's fails.
    """
    torch.manual_seed(scenario.seed)
    np.random.seed(scenario.seed)
    random.seed(scenario.seed)
    data = make_dataset(scenario.dataset, train=True, data_dir=data_dir)
    made = make_model(scenario.model, data.num_classes, scenario.dataset.image_size)
    clipping = scenario.optimizer.clipping
    copying, copy_substitutions = _copying(scenario.dataset, device)
    setup = TrainingSetup(
        device=device,
        model=made.model.to(device),
        criterion=torch.nn.CrossEntropyLoss(label_smoothing=scenario.loss.label_smoothing),
        dataset=data.dataset,
        loader=LoaderArguments(
            batch_size=scenario.dataset.batch_size,
            num_workers=scenario.dataset.workers,
            pin_memory=copying.pinned,
        ),
        optimizer=_optimizer(scenario.optimizer),
        schedule=_schedule(scenario.schedule),
        clipping=GradientClipping(clipping.kind, clipping.limit) if clipping else None,
        non_blocking=copying.non_blocking,
        set_to_none=scenario.optimizer.set_to_none,
    )
    substitutions = (*data.substitutions, *made.substitutions, *copy_substitutions)
    return Workload(setup, substitutions, data.num_classes)


@dataclass(frozen=True)
class _Copying:
    """How a batch gets to the device."""

    pinned: bool
    non_blocking: bool


def _copying(
    choice: DatasetChoice, device: torch.device
) -> tuple[_Copying, tuple[Substitution, ...]]:
    if device.type != "cpu" or not (choice.pin_memory or choice.non_blocking):
        return _Copying(choice.pin_memory, choice.non_blocking), ()
    substitution = Substitution(
        wanted="pinned batches and non-blocking copies in the baseline",
        used="batches as the loader makes them",
        consequence="there is no accelerator to copy to, so nothing is copied and nothing lost",
        replaced=Replaced.COPYING,
    )
    return _Copying(pinned=False, non_blocking=False), (substitution,)


def _optimizer(choice: OptimizerChoice) -> OptimizerArguments:
    arguments: dict[str, object] = {"weight_decay": choice.weight_decay}
    if choice.name == "sgd":
        arguments |= {"momentum": choice.momentum, "nesterov": choice.nesterov}
    return OptimizerArguments(choice.name, choice.lr, choice.backbone_lr_factor, arguments)


def _schedule(choice: ScheduleChoice) -> ScheduleArguments:
    arguments = {"gamma": choice.gamma} if choice.name == "exponential" else {}
    return ScheduleArguments(choice.name, choice.step_every, choice.epochs, arguments)

"""What no single key can tell: settings that contradict each other.

Only what no run could do is one. A technique whose doing is the baseline's own is a result, and
windows are rounded up to whole optimizer steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.scenario.schema import SHIPPED_DATASETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.schema import Scenario
    from annt_prof.scenario.tree import KeyPath

SHORTEST_ONE_CYCLE = 4
"""Steps below which torch's OneCycleLR has no rising phase at its default pct_start of 0.3.

Source: torch.optim.lr_scheduler.OneCycleLR: the rise ends at step ``pct_start * total - 1``.
"""


@dataclass(frozen=True)
class Conflict:
    """A contradiction.

    Attributes:
        message: What contradicts what, and the remedy.
        paths: The keys that take part, the one best changed first.
        unless_overridden: A key that an override may set against the file's own others.
    """

    message: str
    paths: tuple[KeyPath, ...]
    unless_overridden: KeyPath | None = None


def conflicts(scenario: Scenario) -> list[Conflict]:
    """Return every contradiction in a scenario whose keys are valid one by one."""
    checks = (_model, _dataset, _optimizer, _schedule, _rounds)
    return [conflict for check in checks for conflict in check(scenario)]


def _conflict(message: str, *keys: str) -> Conflict:
    return Conflict(message, tuple(tuple(key.split(".")) for key in keys))


def _model(scenario: Scenario) -> Iterator[Conflict]:
    model = scenario.model
    if model.source == "python":
        module, colon, factory = model.name.partition(":")
        if not (module and colon and factory):
            message = f'found "{model.name}"; a model of your own is named module:factory'
            yield _conflict(message, "model.name")
        if model.pretrained:
            yield _conflict(
                "a factory of your own loads its own weights; tell it so through model.arguments",
                "model.pretrained",
            )
    if model.stem == "cifar" and "resne" not in model.name.lower():
        message = f"only ResNets have a cifar stem, and {model.name} is none"
        yield _conflict(message, "model.stem")


def _dataset(scenario: Scenario) -> Iterator[Conflict]:
    dataset = scenario.dataset
    if dataset.augmentation and dataset.name not in SHIPPED_DATASETS:
        yield _conflict(
            f"{dataset.name} is a dataset of your own, which may not be made of images; "
            "let it augment its own items",
            "dataset.augmentation",
        )


def _optimizer(scenario: Scenario) -> Iterator[Conflict]:
    optimizer = scenario.optimizer
    if optimizer.name != "sgd":
        for key, given in (("momentum", optimizer.momentum > 0), ("nesterov", optimizer.nesterov)):
            if given:
                yield _conflict(f"{optimizer.name} has no {key}; only sgd has", f"optimizer.{key}")
    elif optimizer.nesterov and optimizer.momentum == 0:
        message = "Nesterov's momentum needs optimizer.momentum above 0"
        yield _conflict(message, "optimizer.nesterov")


def _schedule(scenario: Scenario) -> Iterator[Conflict]:
    schedule = scenario.schedule
    name = schedule.name
    if name == "exponential" and schedule.gamma == 1:
        message = "an exponential schedule needs schedule.gamma below 1, or it is constant"
        yield _conflict(message, "schedule.gamma", "schedule.name")
    if name != "exponential" and schedule.gamma != 1:
        yield _conflict(f"{name} has no gamma; only exponential has", "schedule.gamma")
    least = {"one_cycle": SHORTEST_ONE_CYCLE, "cosine": 2}.get(name, 1)
    if schedule.step_every == "epoch" and schedule.epochs < least:
        yield _conflict(
            f"{name} advanced once per epoch needs schedule.epochs of at least {least}, not "
            f"{schedule.epochs}; or set schedule.step_every to optimizer_step",
            "schedule.epochs",
            "schedule.step_every",
        )


def _rounds(scenario: Scenario) -> Iterator[Conflict]:
    window = scenario.window
    if window.min_launches > window.rounds:
        # A quick look with fewer rounds never stops early, which is no contradiction.
        yield Conflict(
            f"window.min_launches ({window.min_launches}) is more than window.rounds "
            f"({window.rounds}); set window.min_launches to {window.rounds} or less",
            (("window", "min_launches"), ("window", "rounds")),
            unless_overridden=("window", "rounds"),
        )

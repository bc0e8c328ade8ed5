"""On real images, every technique's variant learns what the baseline learns."""

from __future__ import annotations

import pytest
import torch

from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.scenario.schema import DatasetChoice
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions
from annt_prof.workload.datasets import make_dataset

EPOCHS = 5
DIGITS = DatasetChoice(name="digits", image_size=8, batch_size=8)


def small_network() -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(32, 64, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64 * 16, 10),
    )


def accuracy_after_training(*techniques: object) -> float:
    torch.manual_seed(0)
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=small_network(),
        criterion=torch.nn.functional.cross_entropy,
        dataset=make_dataset(DIGITS, train=True, data_dir=None).dataset,
        loader=LoaderArguments(batch_size=DIGITS.batch_size),
        optimizer=OptimizerArguments("adam", lr=2e-3),
        # A rate that ends near zero: the last steps of a constant one scatter by a point.
        schedule=ScheduleArguments("one_cycle", epochs=EPOCHS),
    )
    for options in techniques:
        options.apply(setup)
    loop = Loop(setup, seed=0)
    done = 0
    while done < EPOCHS * loop.batches.per_epoch:
        done += optimizer_step(loop)
    test = make_dataset(DIGITS, train=False, data_dir=None).dataset
    inputs, targets = zip(*(test[index] for index in range(len(test))), strict=True)
    setup.model.eval()
    with torch.no_grad():
        predicted = setup.model(torch.stack(inputs)).argmax(1)
    return 100 * (predicted == torch.tensor(targets)).double().mean().item()


@pytest.fixture(scope="module")
def baseline() -> float:
    return accuracy_after_training()


def test_the_baseline_learns_the_digits(baseline: float) -> None:
    assert baseline > 96


@pytest.mark.parametrize(
    "techniques",
    [
        pytest.param((AmpOptions(dtype="bfloat16"),), id="amp-bfloat16"),
        pytest.param((AmpOptions(dtype="float16"),), id="amp-float16"),
        pytest.param((GradientAccumulationOptions(steps=2),), id="accumulation"),
        pytest.param(
            (AmpOptions(dtype="bfloat16"), GradientAccumulationOptions(steps=2)), id="all"
        ),
    ],
)
def test_each_variant_reaches_the_baseline_within_a_point(
    techniques: tuple[object, ...], baseline: float
) -> None:
    assert accuracy_after_training(*techniques) == pytest.approx(baseline, abs=1.0)

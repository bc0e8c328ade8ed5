"""Which techniques find nothing to act on, from what one batch showed."""

import dataclasses

import pytest
import torch

from annt_prof.techniques import registry
from annt_prof.techniques.observed import Observed
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)

BUSY = Observed(
    device_type="cuda",
    operators=frozenset({"aten::convolution", "aten::addmm", "aten::add"}),
    float32_operators=frozenset({"aten::convolution", "aten::addmm"}),
    attention=frozenset({"efficient"}),
    dimensions=frozenset({1, 2, 4}),
    batches_per_epoch=100,
    batch_bytes=1000,
    batch_on_device=False,
)
NO_MATRIX = {"operators": frozenset({"aten::add"}), "float32_operators": frozenset({"aten::add"})}
CONVOLUTIONS = {
    "operators": frozenset({"aten::convolution"}),
    "float32_operators": frozenset({"aten::convolution"}),
}
FOREIGN = {"operators": frozenset({"mine::gemm"}), "float32_operators": frozenset({"mine::gemm"})}
HALF = {"float32_operators": frozenset({"aten::add"})}
ON_CPU = {"device_type": "cpu", "attention": frozenset({"flash"})}


@pytest.mark.parametrize("name", registry.shipped())
def test_on_a_model_that_has_everything_each_acts(name):
    technique = registry.load(name)
    assert technique.inaction(technique.options(), BUSY) is None


@pytest.mark.parametrize(
    ("name", "options", "changes", "evidence"),
    [
        ("sdpa", {}, {"attention": frozenset()}, "the model ran no scaled dot-product attention"),
        ("sdpa", {}, ON_CPU, "torch chose flash attention by itself"),
        (
            "gradient_accumulation",
            {"steps": 8},
            {"batches_per_epoch": 4},
            "an epoch has 4 batches, so groups of 8 were never reached",
        ),
        (
            "channels_last",
            {},
            {"dimensions": frozenset({1, 2, 3})},
            "neither the batches nor the weights have the four dimensions that it lays out",
        ),
        ("cudnn_benchmark", {}, NO_MATRIX, "the model ran no convolution"),
        ("amp", {}, NO_MATRIX, "the model ran no matrix product and no convolution"),
        ("tf32", {}, NO_MATRIX, "the model ran no float32 matrix product"),
        ("tf32", {}, CONVOLUTIONS, "the model ran no float32 matrix product"),
        ("tf32", {}, HALF, "the model ran no float32 matrix product"),
        (
            "tf32",
            {"allowed": False},
            NO_MATRIX,
            "the model ran no float32 matrix product and no convolution",
        ),
        (
            "pin_memory",
            {},
            {"batch_on_device": True},
            "the data set's samples lie on the device already, so no batch is copied",
        ),
        (
            "device_prefetch",
            {},
            {"batch_on_device": True},
            "the data set's samples lie on the device already, so no batch is copied",
        ),
    ],
)
def test_what_finds_nothing_to_act_on_says_what_was_seen(name, options, changes, evidence):
    technique = registry.load(name)
    observed = dataclasses.replace(BUSY, **changes)
    assert technique.inaction(technique.options(**options), observed) == evidence


@pytest.mark.parametrize(
    ("name", "options", "changes"),
    [
        ("sdpa", {}, {"attention": None}),
        ("sdpa", {}, {"attention": frozenset({"flash"})}),  # under amp torch may choose another
        ("sdpa", {"kernel": "math"}, ON_CPU),
        ("sdpa", {}, {"device_type": "cpu", "attention": frozenset({"flash", "math"})}),
        ("gradient_accumulation", {"steps": 4}, {"batches_per_epoch": 4}),
        ("channels_last", {}, {"dimensions": frozenset({4})}),
        ("amp", {}, FOREIGN),
        ("amp", {}, CONVOLUTIONS),
        ("tf32", {}, FOREIGN),
        ("tf32", {"allowed": False}, CONVOLUTIONS),
        ("cudnn_benchmark", {}, FOREIGN),
    ],
)
def test_a_doubt_is_no_inaction(name, options, changes):
    technique = registry.load(name)
    observed = dataclasses.replace(BUSY, **changes)
    assert technique.inaction(technique.options(**options), observed) is None


def setup_of(samples):
    return TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Linear(2, 2),
        criterion=torch.nn.functional.cross_entropy,
        dataset=torch.utils.data.TensorDataset(torch.zeros(samples, 2)),
        loader=LoaderArguments(batch_size=8),
        optimizer=OptimizerArguments("sgd", 0.1),
        schedule=ScheduleArguments("constant"),
    )


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (64, []),
        (80, ["an epoch has 10 batches, so its last group closes after 2 of 4"]),
        (87, ["an epoch has 10 batches, so its last group closes after 2 of 4"]),
        (8, ["an epoch has 1 batch, so its last group closes after 1 of 4"]),
    ],
)
def test_a_group_that_the_epochs_end_cuts_is_said(samples, found):
    technique = registry.load("gradient_accumulation")
    setup = setup_of(samples)
    technique.options(steps=4).apply(setup)
    assert [said for each in technique.pitfalls if (said := each.check(setup))] == found


def test_prefetching_what_lies_on_the_device_is_said():
    setup = setup_of(64)
    registry.load("device_prefetch").options().apply(setup)
    prefetching = registry.load("device_prefetch").pitfalls
    assert [each.check(setup) for each in prefetching] == [None, None]
    registry.load("dataset_on_device").options().apply(setup)
    assert [each.check(setup) for each in prefetching] == [
        None,
        "all samples lie on the device already, so no batch is copied and nothing prefetched",
    ]

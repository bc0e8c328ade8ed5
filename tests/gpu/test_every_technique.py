"""On a CUDA device every technique runs, trains as eager training does, and waits for nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import torch
from small_training import (
    SAMPLES,
    difference,
    images,
    make_setup,
    needs_a_device,
    switch_on,
    trained,
)

from annt_prof.runner.step import Loop, optimizer_step
from annt_prof.techniques import registry
from annt_prof.techniques.technique import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.techniques.setup import TrainingSetup

GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
WARMUP = 6  # optimizer steps, in which kernels are compiled, chosen and captured
SUMMED_IN_ANOTHER_ORDER = 1e-3
ROUNDED_TO_FEWER_BITS = 0.1
AUGMENTATION = ("random_crop", "horizontal_flip", "random_affine")


@dataclass(frozen=True)
class Case:
    """How a technique is tried.

    Attributes:
        batch_size: Samples per iteration.
        as_large: Samples per iteration of the eager training that it should equal.
        tolerance: Of what training moves the parameters by, relative.
    """

    options: dict[str, object] = field(default_factory=dict)
    batch_size: int = 8
    as_large: int = 8
    tolerance: float = SUMMED_IN_ANOTHER_ORDER


CASES = {
    "activation_checkpointing": Case(),
    # With float16 its loss scaling skips steps until the scale fits, and waits in each.
    "amp": Case({"dtype": "bfloat16"}, tolerance=ROUNDED_TO_FEWER_BITS),
    "channels_last": Case(),
    "compile": Case(),
    "cuda_graphs": Case(),
    "cudnn_benchmark": Case(),
    "dataloader_workers": Case({"workers": 2}),
    # Its order of samples is its own, so a batch holds all of them.
    "dataset_on_device": Case(batch_size=SAMPLES, as_large=SAMPLES),
    "device_prefetch": Case(),
    "fused_optimizer": Case(),
    "gpu_augmentation": Case(),
    "gradient_accumulation": Case({"steps": 2}, batch_size=4, as_large=8),
    "gradient_clipping": Case({"limit": 1e6}),
    "pin_memory": Case(),
    "sdpa": Case({"kernel": "efficient"}),
    "set_to_none": Case({"drop": False}),
    "tf32": Case(tolerance=ROUNDED_TO_FEWER_BITS),
}


def with_technique(name: str, *, pinned: bool) -> TrainingSetup:
    technique = registry.load(name)
    options = technique.options(**CASES[name].options)
    if (obstacle := technique.obstacle(options, GPU)) is not None:
        pytest.skip(obstacle)
    setup = make_setup(batch_size=CASES[name].batch_size, pinned=pinned)
    options.apply(setup)
    return setup


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_no_shipped_technique_is_left_out() -> None:
    assert tuple(sorted(CASES)) == registry.shipped()


class TestOnADevice:
    pytestmark = needs_a_device

    @pytest.mark.usefixtures("exact")
    @pytest.mark.parametrize("name", CASES)
    def test_training_comes_to_the_same(self, name: str) -> None:
        expected = trained(make_setup(batch_size=CASES[name].as_large))
        found = trained(with_technique(name, pinned=False))
        assert difference(found, expected) < CASES[name].tolerance

    @pytest.mark.usefixtures("exact")
    @pytest.mark.parametrize("name", CASES)
    def test_a_step_waits_for_nothing(self, name: str) -> None:
        loop = Loop(with_technique(name, pinned=True), seed=3)
        for _ in range(WARMUP):
            optimizer_step(loop)
        with waiting_is_an_error():
            for _ in range(WARMUP):
                optimizer_step(loop)

    @pytest.mark.parametrize("name", ["gpu_augmentation", "dataset_on_device"])
    def test_augmenting_on_the_device_waits_for_nothing(self, name: str) -> None:
        setup = make_setup(pinned=True, dataset=images(AUGMENTATION))
        loop = Loop(switch_on(setup, name), seed=3)
        optimizer_step(loop)
        with waiting_is_an_error():
            for _ in range(WARMUP):
                optimizer_step(loop)

    def test_the_copies_of_a_plain_loader_are_waited_for(self) -> None:
        """Shows that waiting is seen, without which the tests above would show nothing."""
        loop = Loop(make_setup(), seed=3)
        optimizer_step(loop)
        with waiting_is_an_error(), pytest.raises(RuntimeError, match="synchronizing"):
            optimizer_step(loop)

    def test_loss_scaling_waits_once_a_step(self) -> None:
        loop = Loop(switch_on(make_setup(pinned=True), "amp", dtype="float16"), seed=3)
        for _ in range(WARMUP):
            optimizer_step(loop)
        torch.cuda.set_sync_debug_mode("warn")
        try:
            with pytest.warns(UserWarning, match="synchronizing") as waits:
                optimizer_step(loop)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        assert sum("synchronizing" in str(each.message) for each in waits) == 1

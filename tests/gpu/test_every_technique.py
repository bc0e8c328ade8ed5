"""On a CUDA device every technique runs, trains as eager training does, and waits for nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import torch
from cases import CASES, with_technique
from small_training import (
    difference,
    images,
    make_setup,
    needs_a_device,
    switch_on,
    trained,
)

from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

WARMUP = 6  # optimizer steps, in which kernels are compiled, chosen and captured
AUGMENTATION = ("random_crop", "horizontal_flip", "random_affine")


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
        assert CASES[name].at_least <= difference(found, expected) < CASES[name].tolerance

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

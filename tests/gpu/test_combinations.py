"""On a CUDA device techniques that get into each other's way still train right, or say why not."""

from __future__ import annotations

import gc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
import torch
from profiles import graph_launches, profiled
from small_training import (
    DEVICE,
    difference,
    gradients,
    gradients_in,
    make_setup,
    moved_by,
    needs_a_device,
    switch_on,
    trained,
)
from torch.profiler import ProfilerActivity, profile

from annt_prof.errors import UserError
from annt_prof.loop.numerics import look_at
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry
from annt_prof.windows.peak import Peak, peak, reset_peak

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [*needs_a_device, pytest.mark.usefixtures("exact")]

GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
SUMMED_IN_ANOTHER_ORDER = 1e-3
ROUNDED_TO_FEWER_BITS = 0.03  # 0.008 on a CPU
OTHER_DRAWS = 0.1
PASSES = 2  # forward and backward, each replayed from a graph of its own
BLOCKS = 2  # with attention
ATTENTION = {
    "efficient": "aten::_scaled_dot_product_efficient_attention",
    "math": "aten::_scaled_dot_product_attention_math",
}
REPLAYED = {"cuda_graphs": {}, "compile": {"mode": "reduce-overhead"}}
_FIRST_WITH_FLASH = (8, 0)  # Ampere


def needs_flash() -> None:
    if torch.cuda.get_device_capability() < _FIRST_WITH_FLASH:
        pytest.skip("flash attention needs compute capability 8.0")


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("accumulation", [1, 3])
@pytest.mark.parametrize("name", REPLAYED)
def test_replays_leave_the_gradients_of_eager_training(
    name: str, accumulation: int, set_to_none: bool, tmp_path: Path
) -> None:
    technique = registry.load(name)
    if (obstacle := technique.obstacle(technique.options(), GPU)) is not None:
        pytest.skip(obstacle)
    ways = {"batch_size": 4, "accumulation": accumulation, "set_to_none": set_to_none}
    expected = gradients(make_setup(**ways))
    loop = Loop(switch_on(make_setup(**ways), name, **REPLAYED[name]), seed=3)
    found = gradients_in(loop)
    for update in range(len(expected)):
        assert difference(found[update], expected[update]) < SUMMED_IN_ANOTHER_ORDER, update
    # Into how many graphs torch.compile cuts a pass is its own choice.
    assert graph_launches(loop, tmp_path) >= accumulation


def test_captured_passes_draw_what_eager_ones_draw(tmp_path: Path) -> None:
    expected = gradients(make_setup(dropout=0.5))
    loop = Loop(switch_on(make_setup(dropout=0.5), "cuda_graphs"), seed=3)
    found = gradients_in(loop)
    for update in range(len(expected)):
        assert difference(found[update], expected[update]) < SUMMED_IN_ANOTHER_ORDER, update
    assert graph_launches(loop, tmp_path) >= PASSES
    setup = make_setup(dropout=0.5)
    torch.cuda.manual_seed(5)  # what it comes to where anything else is drawn
    assert difference(gradients(setup)[0], expected[0]) > OTHER_DRAWS


def test_passes_are_captured_beside_a_loader_that_pins(tmp_path: Path) -> None:
    setup = switch_on(make_setup(pinned=True), "dataloader_workers", workers=2)
    loop = Loop(switch_on(setup, "cuda_graphs"), seed=3)
    assert difference(moved_by(loop), trained(make_setup())) < SUMMED_IN_ANOTHER_ORDER
    assert graph_launches(loop, tmp_path) >= PASSES


@pytest.mark.parametrize(
    ("other", "options", "tolerance"),
    [
        ("amp", {"dtype": "bfloat16"}, ROUNDED_TO_FEWER_BITS),
        ("channels_last", {}, SUMMED_IN_ANOTHER_ORDER),
        ("device_prefetch", {}, SUMMED_IN_ANOTHER_ORDER),
        ("fused_optimizer", {}, SUMMED_IN_ANOTHER_ORDER),
    ],
)
def test_captured_passes_train_beside(
    other: str, options: dict[str, object], tolerance: float, tmp_path: Path
) -> None:
    setup = switch_on(make_setup(), other, **options)
    loop = Loop(switch_on(setup, "cuda_graphs"), seed=3)
    assert difference(moved_by(loop), trained(make_setup())) < tolerance
    assert graph_launches(loop, tmp_path) >= PASSES


@pytest.mark.parametrize("captured", [False, True])
def test_the_attention_kernel_is_the_one_that_was_asked_for(captured: bool) -> None:
    needs_flash()
    seen = {}
    for kernel in ("flash", "math"):
        setup = switch_on(make_setup(), "amp", dtype="bfloat16")
        switch_on(setup, "sdpa", kernel=kernel)
        if captured:
            switch_on(setup, "cuda_graphs")
        loop = Loop(setup, seed=3)
        optimizer_step(loop)
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
            optimizer_step(loop)
            torch.cuda.synchronize()
        on_device = [e for e in profiler.events() if e.device_type.name == "CUDA"]
        assert on_device
        seen[kernel] = any("flash_fwd" in event.name for event in on_device)
    assert seen == {"flash": True, "math": False}


def test_flash_attention_without_amp_is_refused() -> None:
    needs_flash()
    with pytest.raises(UserError, match="takes 16-bit inputs only"):
        Loop(switch_on(make_setup(), "sdpa", kernel="flash"), seed=3)


@pytest.mark.parametrize("kernel", ATTENTION)
def test_recomputed_blocks_find_the_attention_kernel_they_had(kernel: str, tmp_path: Path) -> None:
    setup = switch_on(make_setup(), "sdpa", kernel=kernel)
    loop = Loop(switch_on(setup, "activation_checkpointing"), seed=3)
    assert difference(moved_by(loop), trained(make_setup())) < SUMMED_IN_ANOTHER_ORDER
    operators = profiled(loop, tmp_path).operators()
    seen = {each: operators[operator] for each, operator in ATTENTION.items()}
    assert seen == {each: 2 * BLOCKS if each == kernel else 0 for each in ATTENTION}


def recomputed_under_capture() -> tuple[str, list[float]]:
    """Why the two together are refused, or how far each update's gradients are off."""
    torch.backends.cudnn.allow_tf32 = False
    expected = gradients(make_setup())
    setup = switch_on(make_setup(), "activation_checkpointing")
    try:
        found = gradients(switch_on(setup, "cuda_graphs"))
    except UserError as error:
        return error.message, []
    except RuntimeError as error:
        return str(error), []
    return "", [difference(*each) for each in zip(found, expected, strict=True)]


def test_captured_passes_recompute_right_or_say_why_not() -> None:
    """In some versions torch cannot save the state of its random numbers while it captures.

    In a process of its own, since a capture that fails leaves the generator as if it went on.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        refused, off = alone.submit(recomputed_under_capture).result()
    assert refused or off
    assert all(each < SUMMED_IN_ANOTHER_ORDER for each in off), off


def test_nothing_is_prefetched_where_every_sample_is_on_the_device() -> None:
    setup = switch_on(switch_on(make_setup(batch_size=24), "dataset_on_device"), "device_prefetch")
    found = trained(setup)
    assert difference(found, trained(make_setup(batch_size=24))) < SUMMED_IN_ANOTHER_ORDER


def test_a_captured_model_still_counts_its_operations(tmp_path: Path) -> None:
    counted = []
    for setup in (make_setup(), switch_on(make_setup(), "cuda_graphs")):
        loop = Loop(setup, seed=3)
        optimizer_step(loop)
        counted.append(look_at(loop).flops)
    assert counted[0] == counted[1]
    assert counted[0]
    assert graph_launches(loop, tmp_path) >= PASSES


def keeping_activations() -> torch.nn.Module:
    """A model of few parameters whose forward pass keeps 240 MiB."""
    channels, kept = 1024, 40  # 6 MiB each, of 24 images of 8 by 8 pixels
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, channels, 1),
        *(torch.nn.Tanh() for _ in range(kept)),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(channels, 3),
    ).to(DEVICE)


def peak_of_a_step(*, captured: bool) -> tuple[Peak, int]:
    """The peak as it is recorded, and what was reserved at most.

    Nothing of a training is left on return, so that no other is seen in its figures.
    """
    setup = make_setup(batch_size=24, model=keeping_activations())
    loop = Loop(switch_on(setup, "cuda_graphs") if captured else setup, seed=3)
    optimizer_step(loop)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    reset_peak(setup)
    optimizer_step(loop)
    torch.cuda.synchronize()
    found = peak(setup), torch.cuda.max_memory_reserved()
    del loop, setup
    gc.collect()  # a loop's hooks and graphs refer to each other
    torch.cuda.empty_cache()
    return found


def test_captured_passes_take_at_least_the_memory_of_eager_ones() -> None:
    """What a replay works in counts, though the allocator does not see it as allocated."""
    eager, reserved = peak_of_a_step(captured=False)
    captured, _ = peak_of_a_step(captured=True)
    assert (eager.of, captured.of) == ("device allocations", "device memory reserved")
    assert eager.bytes > 200 * 2**20
    assert captured.bytes > 0.8 * reserved

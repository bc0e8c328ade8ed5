"""On a CUDA device every technique does what it is named after: a profile shows it.

Training that comes to the same, and waits for nothing, would do so too if a technique did nothing
at all. Most of what is looked for are operators, calls and the memory of copies, whose names no
version changes; of a kernel's name only what its template says.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import pytest
import torch
from cases import CASES, NOT_BY_ANOTHER_ORDER, ROUNDED_TO_TF32, with_technique
from profiles import Profile, profiled
from small_training import (
    STEPS,
    difference,
    gradients,
    make_setup,
    needs_a_device,
    switch_on,
)

from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.machine.machine import has_tf32
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from pathlib import Path

exactly_on_a_device = [*needs_a_device, pytest.mark.usefixtures("exact")]
WARMUP = 2 * STEPS + 1  # optimizer steps; an epoch has begun by then, with its loader processes
PROFILED = STEPS - 1  # optimizer steps, to the epoch's end
CONVOLUTION = "aten::convolution"
FUSED_ATTENTION = (
    "aten::_scaled_dot_product_flash_attention",
    "aten::_scaled_dot_product_efficient_attention",
    "aten::_scaled_dot_product_cudnn_attention",
)
PLAIN_ATTENTION = "aten::_scaled_dot_product_attention_math"
A_BATCH_SIZE_OF_ITS_OWN = 5  # that no other test of this process runs
FEWEST_TIMED_KERNELS = 10


def activation_checkpointing(found: Profile, eager: Profile) -> None:
    """Two of three convolutions lie in blocks, and run twice."""
    assert eager.operators()[CONVOLUTION] == 3 * PROFILED
    assert found.operators()[CONVOLUTION] == 5 * PROFILED


def amp(found: Profile, eager: Profile) -> None:
    assert set(eager.inputs(CONVOLUTION, "type")) == {"float"}
    assert set(found.inputs(CONVOLUTION, "type")) == {"c10::BFloat16"}
    of_16_bits = re.compile("bf16|bfloat16", re.IGNORECASE)  # casts at least are named so
    assert not any(map(of_16_bits.search, eager.kernels()))
    assert any(map(of_16_bits.search, found.kernels()))


def channels_last(found: Profile, eager: Profile) -> None:
    """Whether cuDNN then needs fewer transposes is its own choice."""
    assert not any(strides[1] == 1 for strides in eager.inputs(CONVOLUTION, "Strides"))
    strides = found.inputs(CONVOLUTION, "Strides")
    assert strides
    assert all(each[1] == 1 for each in strides)


def compiled(found: Profile, eager: Profile) -> None:
    """Inductor writes norms itself, in Triton."""
    assert eager.operators()["aten::native_group_norm"]
    assert not found.operators()["aten::native_group_norm"]
    assert any(name.startswith("triton_") for name in found.kernels())


def cuda_graphs(found: Profile, eager: Profile) -> None:
    assert not eager.calls("GraphLaunch")
    assert found.calls("GraphLaunch") >= 2 * PROFILED
    assert found.calls("LaunchKernel") < eager.calls("LaunchKernel") / 2


def dataloader_workers(found: Profile, _eager: Profile) -> None:
    assert any("_MultiProcessingDataLoaderIter" in name for name in found.operators())


def dataset_on_device(found: Profile, eager: Profile) -> None:
    """Whatever is still copied is no batch."""
    assert found.bytes_to_device() < eager.bytes_to_device() / 10


def device_prefetch(found: Profile, eager: Profile) -> None:
    def streams_of_copies(profile: Profile) -> set[int]:
        return {each["args"]["stream"] for each in profile.copies_to_device()}

    assert streams_of_copies(eager) <= eager.streams_of_kernels()
    assert streams_of_copies(found)
    assert not streams_of_copies(found) & found.streams_of_kernels()


def fused_optimizer(found: Profile, eager: Profile) -> None:
    assert not eager.operators()["aten::_fused_sgd_"]
    assert found.operators()["aten::_fused_sgd_"] == PROFILED


def gpu_augmentation(found: Profile, eager: Profile) -> None:
    """A quarter of the bytes: pixels as they are stored, not as float32."""
    assert found.bytes_to_device()
    assert found.bytes_to_device() < eager.bytes_to_device() / 2


def gradient_accumulation(found: Profile, eager: Profile) -> None:
    for profile, iterations in ((eager, 1), (found, 2)):
        assert profile.operators()["Optimizer.step#SGD.step"] == PROFILED
        assert profile.operators()[CONVOLUTION] == 3 * iterations * PROFILED


def gradient_clipping(found: Profile, eager: Profile) -> None:
    def norms(profile: Profile) -> int:
        names = ("aten::_foreach_norm", "aten::linalg_vector_norm")
        return sum(profile.operators()[name] for name in names)

    assert not norms(eager)
    assert norms(found)


def pin_memory(found: Profile, eager: Profile) -> None:
    assert eager.copies_to_device()
    assert all("Pageable" in each["name"] for each in eager.copies_to_device())
    assert found.copies_to_device()
    assert all("Pinned" in each["name"] for each in found.copies_to_device())
    assert found.calls("StreamSynchronize") < eager.calls("StreamSynchronize")


def sdpa(found: Profile, eager: Profile) -> None:
    assert any(eager.operators()[name] for name in FUSED_ATTENTION)
    assert not any(found.operators()[name] for name in FUSED_ATTENTION)
    assert found.operators()[PLAIN_ATTENTION] == 2 * PROFILED


def set_to_none(found: Profile, eager: Profile) -> None:
    """Gradients that are kept are filled with zeros."""

    def zeroings(profile: Profile) -> int:
        return profile.operators()["aten::zero_"] + profile.operators()["aten::_foreach_zero_"]

    assert zeroings(found) >= zeroings(eager) + PROFILED


SHOWN = {
    "activation_checkpointing": activation_checkpointing,
    "amp": amp,
    "channels_last": channels_last,
    "compile": compiled,
    "cuda_graphs": cuda_graphs,
    "dataloader_workers": dataloader_workers,
    "dataset_on_device": dataset_on_device,
    "device_prefetch": device_prefetch,
    "fused_optimizer": fused_optimizer,
    "gpu_augmentation": gpu_augmentation,
    "gradient_accumulation": gradient_accumulation,
    "gradient_clipping": gradient_clipping,
    "pin_memory": pin_memory,
    "sdpa": sdpa,
    "set_to_none": set_to_none,
}
SHOWN_ELSEWHERE = ("cudnn_benchmark", "tf32")  # by tests of their own below


def profile_of(loop: Loop, folder: Path) -> Profile:
    for _ in range(WARMUP):
        optimizer_step(loop)
    return profiled(loop, folder, PROFILED)


def test_every_technique_is_looked_for() -> None:
    assert sorted((*SHOWN, *SHOWN_ELSEWHERE)) == sorted(CASES) == sorted(registry.shipped())


class TestOnADevice:
    pytestmark = exactly_on_a_device

    @pytest.mark.parametrize("name", SHOWN)
    def test_a_profile_shows_what_the_technique_does(self, name: str, tmp_path: Path) -> None:
        setup = with_technique(name, pinned=False)
        # Before the technique's loop, which sets the process's switches.
        eager = profile_of(Loop(make_setup(batch_size=setup.loader.batch_size), seed=3), tmp_path)
        found = profile_of(Loop(setup, seed=3), tmp_path)
        SHOWN[name](found, eager)
        with pytest.raises(AssertionError):
            SHOWN[name](eager, eager)

    def test_cudnn_times_its_algorithms_at_their_first_call(self, tmp_path: Path) -> None:
        """Each runs a few times then; eager comes second, as what was found is kept."""
        kernels = []
        for name in ("cudnn_benchmark", None):
            torch.backends.cudnn.benchmark = False
            setup = make_setup(batch_size=A_BATCH_SIZE_OF_ITS_OWN)
            loop = Loop(setup if name is None else switch_on(setup, name), seed=3)
            kernels.append(len(profiled(loop, tmp_path).kernels()))
        assert kernels[0] > kernels[1] + FEWEST_TIMED_KERNELS

    @pytest.mark.parametrize(
        ("layer", "shape"),
        [
            (torch.nn.Linear(1024, 1024), (1024, 1024)),
            (torch.nn.Conv2d(128, 128, 3, padding=1), (16, 128, 32, 32)),
        ],
        ids=["product", "convolution"],
    )
    def test_tf32_rounds_what_eager_training_does_not(
        self, layer: torch.nn.Module, shape: tuple[int, ...]
    ) -> None:
        """Told by the numbers, since the names of such kernels do not always tell.

        The sizes are those for which the libraries choose tensor cores once they may.
        """
        if not has_tf32(torch.cuda.get_device_capability()):
            pytest.skip("TF32 needs compute capability 8.0")
        inputs = torch.randn(shape, generator=torch.Generator().manual_seed(4)).cuda()
        with torch.no_grad():
            expected = copy.deepcopy(layer).cuda().double()(inputs.double())
            rounded = []
            for name in (None, "tf32"):
                setup = make_setup(model=copy.deepcopy(layer).cuda())
                loop = Loop(setup if name is None else switch_on(setup, name), seed=3)
                rounded.append(difference(loop.model(inputs).double(), expected))
        assert rounded[0] < NOT_BY_ANOTHER_ORDER < rounded[1] < ROUNDED_TO_TF32

    def test_gradients_are_as_short_as_their_norm_is_clipped_to(self) -> None:
        limit = 1e-3
        assert (gradients(make_setup()).norm(dim=1) > limit).all()
        found = gradients(switch_on(make_setup(), "gradient_clipping", limit=limit)).norm(dim=1)
        assert found.tolist() == pytest.approx([limit] * len(found), rel=0.01)

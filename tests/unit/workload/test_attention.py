"""An attention kernel that refuses a model is named with its reason before anything is measured."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.errors import UserError
from annt_prof.loop.step import Loop
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.attention import attention_kernel, refuse_without_kernel

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
# As torch 2.14 words them on a GPU without 16-bit inputs.
HEADINGS = (
    "Memory efficient kernel not used because: (Triggered internally at sdp_utils.cpp:904.)",
    "Flash attention kernel not used because: (Triggered internally at sdp_utils.cpp:906.)",
    "cuDNN attention kernel not used because: (Triggered internally at sdp_utils.cpp:908.)",
)
DISABLED = "Memory efficient attention has been runtime disabled. (Triggered internally at x:1.)"
DTYPES = (
    "Expected query, key and value to all be of dtype: {Half, BFloat16}. Got Query dtype: float, "
    "Key dtype: float, and Value dtype: float instead. (Triggered internally at sdp_utils_cpp.h:1.)"
)
MASK = "Flash Attention does not support non-null attn_mask. (Triggered internally at x:2.)"


class Attending(torch.nn.Module):
    """Attends with dropout, beside a layer that keeps statistics."""

    def __init__(self, dropout: float = 0.0, *, broken: bool = False) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(8)
        self.last = torch.nn.Linear(8, 3)
        self.dropout = dropout
        self.broken = broken

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.broken:
            raise RuntimeError("shapes cannot be multiplied")
        tokens = self.norm(inputs).view(-1, 1, 2, 4)
        attended = torch.nn.functional.scaled_dot_product_attention(
            tokens, tokens, tokens, dropout_p=self.dropout
        )
        return self.last(torch.nn.functional.dropout(attended.flatten(1), 0.1))


def make_setup(model: torch.nn.Module, kernel: str) -> TrainingSetup:
    return TrainingSetup(
        device=CPU,
        model=model,
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(torch.randn(8, 8), torch.zeros(8, dtype=torch.long)),
        loader=LoaderArguments(batch_size=4),
        optimizer=OptimizerArguments("sgd", lr=0.1),
        schedule=ScheduleArguments("constant"),
        attention=kernel,
    )


def test_flash_attention_with_dropout_on_a_cpu_is_refused_with_the_reason() -> None:
    with pytest.raises(UserError) as refused:
        Loop(make_setup(Attending(dropout=0.1), "flash"), seed=0)
    assert refused.value.message == "the flash kernel on a CPU takes no dropout"
    assert refused.value.where == "techniques.sdpa"


def test_what_the_kernel_takes_is_not_refused_and_the_model_is_as_it_was() -> None:
    model = Attending()
    setup = make_setup(model, "flash")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    Loop(setup, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_model_that_fails_with_any_kernel_is_not_the_kernels_fault() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        Loop(make_setup(Attending(broken=True), "flash"), seed=0)


def refusal(kernel: str, *warned: str) -> str:
    def run() -> None:
        enabled = torch.backends.cuda.flash_sdp_enabled, torch.backends.cuda.math_sdp_enabled
        if all(each() for each in enabled):
            return
        for message in warned:
            warnings.warn(message, UserWarning, stacklevel=1)
        raise RuntimeError("No available kernel. Aborting execution.")

    with pytest.raises(UserError) as refused:
        refuse_without_kernel(kernel, CUDA, run)
    return refused.value.message


def test_the_reason_is_that_of_the_kernel_that_was_asked_for() -> None:
    memory, flash, cudnn = HEADINGS
    assert refusal("flash", memory, DISABLED, flash, DTYPES, cudnn, MASK) == (
        "the flash kernel on a GPU takes 16-bit inputs only, as amp makes them"
    )
    assert refusal("flash", memory, DISABLED, flash, MASK, cudnn, DTYPES) == (
        "the flash kernel on a GPU does not take this model's attention: "
        "Flash Attention does not support non-null attn_mask."
    )
    assert refusal("efficient", memory, DTYPES, flash, MASK, cudnn, MASK) == (
        "the efficient kernel on a GPU does not take this model's attention: "
        + DTYPES.partition(" (Triggered")[0]
    )


def test_without_a_warning_the_error_itself_is_the_reason() -> None:
    assert refusal("flash").endswith("attention: No available kernel. Aborting execution.")


def test_out_of_memory_is_no_refusal() -> None:
    def run() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        refuse_without_kernel("flash", CUDA, run)


def test_torch_still_heads_its_reasons_as_it_did() -> None:
    tokens = torch.randn(1, 1, 2, 4)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with attention_kernel("flash"), pytest.raises(RuntimeError):
            torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens, dropout_p=0.5)
    first = str(caught[0].message)
    assert first.startswith(HEADINGS[1].partition(" (")[0])


def test_no_kernel_asked_for_leaves_torch_its_choice() -> None:
    before = torch.backends.cuda.flash_sdp_enabled()
    with attention_kernel(None):
        assert torch.backends.cuda.flash_sdp_enabled() == before
    with attention_kernel("math"):
        assert not torch.backends.cuda.flash_sdp_enabled()

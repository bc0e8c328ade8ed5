"""What one batch of the baseline is seen to be and to do."""

import dataclasses

import pytest
import torch
from torch.nn import functional

from annt_prof.errors import UserError
from annt_prof.loop.probing import observe
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)


class Items(torch.utils.data.Dataset):
    def __init__(self, make, length=10):
        self.make = make
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return self.make(index)


def images(index):
    return torch.ones(3, 8, 8), index % 2


def sequences(index):
    return torch.ones(4, 8), index % 2


def setup_of(model, make=images, length=10):
    return TrainingSetup(
        device=torch.device("cpu"),
        model=model,
        criterion=torch.nn.CrossEntropyLoss(),
        dataset=Items(make, length),
        loader=LoaderArguments(batch_size=4),
        optimizer=OptimizerArguments("sgd", 0.1),
        schedule=ScheduleArguments("constant"),
    )


class Attending(torch.nn.Module):
    def __init__(self, mask=None, dropout=0.0):
        super().__init__()
        self.linear = torch.nn.Linear(8, 2)
        self.mask = mask
        self.dropout = dropout

    def forward(self, inputs):
        heads = inputs.unflatten(-1, (2, 4)).transpose(1, 2)
        attended = functional.scaled_dot_product_attention(
            heads, heads, heads, self.mask, self.dropout
        )
        return self.linear(attended.transpose(1, 2).flatten(2).mean(1))


class Both(torch.nn.Module):
    """One layer that a fused kernel takes, and one that none does."""

    def __init__(self):
        super().__init__()
        self.with_dropout = Attending(dropout=0.5)
        self.without = Attending()

    def forward(self, inputs):
        return self.with_dropout(inputs) + self.without(inputs)


def convolution():
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )


def test_operators_of_both_passes_are_seen():
    observed = observe(setup_of(convolution()))
    assert {"aten::convolution", "aten::convolution_backward"} <= observed.operators
    assert "aten::convolution" in observed.float32_operators
    assert observed.may_have_run("conv")
    assert not observed.may_have_run("mm", "attention")
    assert observed.attention == frozenset()
    assert 4 in observed.dimensions
    assert observed.batches_per_epoch == 2
    assert observed.batch_bytes == 4 * (3 * 8 * 8 * 4 + 8)
    assert observed.batch_on_device is False


@pytest.mark.parametrize(
    ("model", "kernels"),
    [
        (Attending(), {"flash"}),
        (Attending(dropout=0.5), {"math"}),  # the CPU's flash kernel draws no dropout
        (Both(), {"flash", "math"}),
        (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32, 2)), set()),
    ],
    ids=["flash", "math", "both", "none"],
)
def test_attention_is_told_by_its_kernel(model, kernels):
    """Also where it is made of other operators, which any model may have."""
    assert observe(setup_of(model, sequences)).attention == kernels


class FailingWithoutMath(Attending):
    """Runs flash attention, and fails in these words once the math kernel is forbidden."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def forward(self, inputs):
        if not torch.backends.cuda.math_sdp_enabled():
            raise RuntimeError(self.words)
        return super().forward(inputs)


@pytest.mark.parametrize(
    ("words", "kernels"),
    [
        # As libtorch_cuda says it, and libtorch_cpu with another space.
        ("No available kernel. Aborting execution.", {"flash", "math"}),
        ("No available kernel.  Aborting execution.", {"flash", "math"}),
        ("No viable backend for scaled_dot_product_attention was found. ", {"flash", "math"}),
        ("CUDA error: an illegal memory access was encountered", None),
    ],
)
def test_what_torch_says_without_a_kernel_is_known(words, kernels):
    assert observe(setup_of(FailingWithoutMath(words), sequences)).attention == kernels


def test_double_precision_is_no_float32_work():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32, 2)).double()
    observed = observe(setup_of(model, lambda i: (torch.ones(4, 8).double(), i % 2)))
    assert observed.may_have_run("mm")
    assert not observed.may_have_run_in_float32("mm")


def test_an_operator_of_another_library_may_do_anything():
    observed = observe(setup_of(convolution()))
    foreign = dataclasses.replace(observed, operators=frozenset({"flash_attn::_fwd"}))
    assert foreign.may_have_run("conv")


def in_dict(index):
    return {"pixels": torch.ones(3, 8, 8), "label": index % 2}


def dict_and_label(index):
    return {"pixels": torch.ones(3, 8, 8)}, index % 2


def three_parts(index):
    return torch.ones(3, 8, 8), index % 2, index


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (in_dict, "dict"),
        (dict_and_label, "(dict, Tensor)"),
        (three_parts, "(Tensor, Tensor, Tensor)"),
    ],
    ids=["dict", "pair with a dict", "three"],
)
def test_a_batch_that_no_step_can_take_is_one_message(make, got):
    with pytest.raises(UserError) as raised:
        observe(setup_of(convolution(), make))
    assert raised.value.message == (
        f"a batch must be a pair of tensors (inputs, targets); got {got}"
    )
    assert raised.value.where == "dataset.name"
    assert raised.value.hint


@dataclasses.dataclass
class SequenceClassifierOutput:
    logits: torch.Tensor


class Wrapping(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = convolution()

    def forward(self, inputs):
        return SequenceClassifierOutput(self.inner(inputs))


def test_a_model_without_logits_is_one_message():
    with pytest.raises(UserError) as raised:
        observe(setup_of(Wrapping()))
    assert raised.value.message == (
        "a model must return a tensor of logits; got SequenceClassifierOutput"
    )
    assert raised.value.where == "model.name"
    assert raised.value.hint


class Failing(torch.nn.Module):
    def forward(self, _inputs):
        raise ValueError("a shape that nobody expected")


def refusing(_index):
    raise ValueError("this dataset needs loader processes")


@pytest.mark.parametrize(
    "setup",
    [
        setup_of(Failing()),
        setup_of(convolution(), refusing),
        setup_of(convolution(), length=3),
        setup_of(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2))),
    ],
    ids=["model", "dataset", "too short", "lazy"],
)
def test_what_fails_here_is_left_to_the_warm_up(setup):
    assert observe(setup) is None

"""The training step does what a textbook loop does, with and without each technique."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.categories import Phase
from annt_prof.loop.batches import Batches
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.techniques.setup import (
    GradientClipping,
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions


def make_setup(
    *, batch_size: int = 4, samples: int = 24, dtype: torch.dtype = torch.float64, lr: float = 0.1
) -> TrainingSetup:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(samples, 6, generator=generator, dtype=dtype)
    targets = torch.randint(0, 3, (samples,), generator=generator)
    torch.manual_seed(2)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).to(
        dtype
    )
    return TrainingSetup(
        device=torch.device("cpu"),
        model=model,
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(inputs, targets),
        loader=LoaderArguments(batch_size=batch_size),
        optimizer=OptimizerArguments("sgd", lr=lr, arguments={"momentum": 0.9}),
        schedule=ScheduleArguments("constant"),
    )


def parameters(loop: Loop) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in loop.setup.model.parameters()])


@pytest.mark.parametrize("k", [2, 3, 6])
def test_accumulating_k_batches_equals_one_batch_k_times_as_large(k: int) -> None:
    accumulating = make_setup(batch_size=4)
    GradientAccumulationOptions(steps=k).apply(accumulating)
    small, large = Loop(accumulating, seed=3), Loop(make_setup(batch_size=4 * k), seed=3)
    for _ in range(24 // (4 * k)):
        assert optimizer_step(small) == k
        assert optimizer_step(large) == 1
    assert (parameters(small) - parameters(large)).abs().max() < 1e-10


def test_the_last_incomplete_group_is_averaged_over_its_own_iterations() -> None:
    setup = make_setup(batch_size=4, samples=20)
    GradientAccumulationOptions(steps=3).apply(setup)
    loop = Loop(setup, seed=3)
    assert loop.upcoming_groups(3, 7) == [[3], [2, 3, 2]]
    assert optimizer_step(loop) == 3

    before = copy.deepcopy(loop.setup.model)
    batches = []

    class Recording(Batches):
        def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
            batches.append(super().__next__())
            return batches[-1]

    loop.batches.__class__ = Recording
    momentum = {p: loop.optimizer.state[p]["momentum_buffer"].clone() for p in loop.optimizer.state}
    assert optimizer_step(loop) == 2

    inputs, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))
    torch.nn.functional.cross_entropy(before(inputs), targets).backward()
    for old, new in zip(before.parameters(), loop.setup.model.parameters(), strict=True):
        expected = old - 0.1 * (0.9 * momentum[new] + old.grad)
        assert torch.allclose(expected, new, atol=1e-12)


def test_without_techniques_it_is_the_textbook_loop() -> None:
    setup = make_setup()
    model = copy.deepcopy(setup.model)
    loop = Loop(setup, seed=3)
    loader_batches = [next(loop.batches) for _ in range(6)]
    loop = Loop(setup, seed=3)
    for _ in range(6):
        optimizer_step(loop)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for inputs, targets in loader_batches:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    expected = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.equal(parameters(loop), expected)


@pytest.mark.parametrize("kind", ["norm", "value"])
def test_clipping_sees_unscaled_gradients(kind: str) -> None:
    plain, scaled = make_setup(dtype=torch.float32), make_setup(dtype=torch.float32)
    plain.clipping = scaled.clipping = GradientClipping(kind, 0.01)  # type: ignore[arg-type]
    scaled.grad_scaling = True
    loops = Loop(plain, seed=3), Loop(scaled, seed=3)
    for loop in loops:
        optimizer_step(loop)
    assert torch.allclose(parameters(loops[0]), parameters(loops[1]), atol=1e-7)


def test_amp_computes_forward_in_bfloat16_and_keeps_weights() -> None:
    setup = make_setup(dtype=torch.float32)
    seen = []
    setup.model.register_forward_hook(lambda _m, _i, output: seen.append(output.dtype))
    AmpOptions().apply(setup)
    loop = Loop(setup, seed=3)
    optimizer_step(loop)
    assert seen == [torch.bfloat16]
    assert {p.dtype for p in setup.model.parameters()} == {torch.float32}
    assert not loop.scaler.is_enabled()


def test_a_skipped_overflow_step_changes_no_weight() -> None:
    setup = make_setup(dtype=torch.float32)
    AmpOptions(dtype="float16").apply(setup)
    loop = Loop(setup, seed=3)
    before = parameters(loop)
    setup.criterion = lambda logits, _targets: logits.sum() * 1e38
    optimizer_step(loop)
    assert torch.equal(before, parameters(loop))
    assert loop.scaler.get_scale() < 2.0**16


def test_phases_come_in_order_and_only_those_that_happen() -> None:
    from contextlib import nullcontext

    setup = make_setup(dtype=torch.float32)
    setup.grad_scaling = True
    setup.clipping = GradientClipping("norm", 1.0)
    setup.accumulation = 2
    phases: list[Phase] = []

    def record(phase: Phase) -> nullcontext[None]:
        phases.append(phase)
        return nullcontext()

    ends: list[int] = []
    optimizer_step(Loop(setup, seed=3), record, lambda: ends.append(len(phases)))
    once = [Phase.DATA_LOADING, Phase.H2D_COPY, Phase.FORWARD, Phase.BACKWARD]
    update = [
        Phase.GRAD_SCALING,
        Phase.GRAD_CLIPPING,
        Phase.OPTIMIZER,
        Phase.GRAD_SCALING,
        Phase.ZERO_GRAD,
    ]
    assert phases == [*once, *once, *update]
    assert ends == [4, 13]


def learning_rates(step_every: str, accumulation: int, iterations: int) -> list[float]:
    setup = make_setup(batch_size=4, samples=24)
    setup.schedule = ScheduleArguments(
        "exponential", step_every=step_every, epochs=10, arguments={"gamma": 0.5}
    )
    setup.accumulation = accumulation
    loop = Loop(setup, seed=3)
    rates: list[float] = []
    while len(rates) < iterations:
        optimizer_step(
            loop, after_iteration=lambda: rates.append(loop.optimizer.param_groups[0]["lr"])
        )
    return rates


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_the_schedule_advances_per_optimizer_step_iteration_or_epoch() -> None:
    assert learning_rates("optimizer_step", 2, 4) == [0.1, 0.05, 0.05, 0.025]
    assert learning_rates("iteration", 2, 4) == [0.05, 0.025, 0.0125, 0.00625]
    assert learning_rates("epoch", 2, 8) == [0.1] * 5 + [0.05] * 3

"""Captured passes train as eager ones do, told by a capture that a CPU can act."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.errors import UserError
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.techniques import registry
from annt_prof.techniques.setup import (
    Autocast,
    Compilation,
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.numerics import flops_per_iteration

CUDA = torch.device("cuda")


class StaticPasses:
    """Acts ``torch.cuda.make_graphed_callables``: passes whose every result has one place.

    Attributes:
        asked: Keyword arguments of the last capture.
        flash, autocast, cached: What held as it was made.
    """

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.flash = self.autocast = self.cached = False

    def __call__(
        self,
        module: torch.nn.Module,
        samples: tuple[torch.Tensor, ...],
        *,
        allow_unused_input: bool = False,
        capture_error_mode: str = "global",
    ) -> torch.nn.Module:
        self.asked = {"unused": allow_unused_input, "mode": capture_error_mode}
        self.flash = torch.backends.cuda.flash_sdp_enabled()
        self.autocast = torch.is_autocast_enabled("cpu")
        self.cached = torch.is_autocast_cache_enabled()
        run, parameters = module.forward, tuple(module.parameters())
        (inputs,) = samples
        gradients = [torch.empty_like(p) for p in parameters]
        run(inputs)  # the warm-up that capturing starts with
        kept: list[torch.Tensor] = []

        class Replayed(torch.autograd.Function):
            @staticmethod
            def forward(_context: Any, batch: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
                inputs.copy_(batch)
                with torch.enable_grad():
                    kept[:] = [run(inputs)]
                return kept[0].detach()

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(_context: Any, gradient: torch.Tensor) -> Any:
                found = torch.autograd.grad(kept[0], parameters, gradient)
                for place, value in zip(gradients, found, strict=True):
                    place.copy_(value)
                return None, *(place.detach() for place in gradients)

        module.forward = lambda batch: Replayed.apply(batch, *parameters)
        return module


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> StaticPasses:
    acted = StaticPasses()
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", acted)
    return acted


def make_setup(**changes: object) -> TrainingSetup:
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(2)
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Sequential(
            torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 3)
        ),
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(
            torch.randn(24, 6, generator=generator),
            torch.randint(0, 3, (24,), generator=generator),
        ),
        loader=LoaderArguments(batch_size=4),
        optimizer=OptimizerArguments("sgd", lr=0.1, arguments={"momentum": 0.9}),
        schedule=ScheduleArguments("constant"),
    )
    for name, value in changes.items():
        setattr(setup, name, value)
    return setup


def trained(setup: TrainingSetup) -> dict[str, torch.Tensor]:
    loop = Loop(setup, seed=3)
    for _ in range(4):
        optimizer_step(loop)
    return setup.model.state_dict()


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("accumulation", [1, 3])
def test_replays_train_as_eager_passes_do(
    passes: StaticPasses, accumulation: int, set_to_none: bool
) -> None:
    ways = {"accumulation": accumulation, "set_to_none": set_to_none}
    captured = trained(make_setup(cuda_graphs=True, **ways))
    assert passes.asked
    for name, expected in trained(make_setup(**ways)).items():
        assert torch.allclose(captured[name], expected, atol=1e-6), name


def test_the_model_itself_stays_eager(passes: StaticPasses) -> None:
    setup, eager = make_setup(cuda_graphs=True), make_setup()
    loop = Loop(setup, seed=3)
    assert passes.asked
    assert loop.model is not setup.model
    assert "forward" not in vars(setup.model)
    batch = torch.randn(4, 6), torch.zeros(4, dtype=torch.long)
    counted, expected = (flops_per_iteration(s.model, s.criterion, *batch) for s in (setup, eager))
    assert counted == expected > 0


def test_passes_are_captured_before_a_loader_runs_and_as_they_will_be_called(
    passes: StaticPasses, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[object] = []
    monkeypatch.setattr(torch.utils.data.DataLoader, "__iter__", lambda self: running.append(self))
    setup = make_setup(cuda_graphs=True, attention="math", autocast=Autocast(torch.bfloat16))
    Loop(setup, seed=3)
    assert not running
    assert passes.asked == {"unused": True, "mode": "thread_local"}
    assert (passes.flash, passes.autocast, passes.cached) == (False, True, False)
    assert torch.backends.cuda.flash_sdp_enabled()


def test_capturing_moves_neither_statistics_nor_random_numbers(passes: StaticPasses) -> None:
    setup = make_setup(cuda_graphs=True)
    setup.model.append(torch.nn.Dropout(0.5))
    before = {name: buffer.clone() for name, buffer in setup.model.named_buffers()}
    state = torch.get_rng_state()
    Loop(setup, seed=3)
    assert passes.asked
    assert torch.equal(torch.get_rng_state(), state)
    for name, buffer in setup.model.named_buffers():
        assert torch.equal(buffer, before[name]), name


def test_inputs_of_several_tensors_are_refused(passes: StaticPasses) -> None:
    class Several(dict):
        def to(self, *_: object) -> Several:
            return self

    setup = make_setup(cuda_graphs=True)
    setup.dataset = [(Several(ids=torch.zeros(2)), 0)] * 8
    with pytest.raises(UserError, match="a batch's inputs are a Several here"):
        Loop(setup, seed=3)
    assert not passes.asked


def test_a_torch_without_the_error_mode_is_not_asked_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acted = StaticPasses()

    def older(module: Any, samples: Any, *, allow_unused_input: bool = False) -> Any:
        return acted(module, samples, allow_unused_input=allow_unused_input)

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", older)
    Loop(make_setup(cuda_graphs=True), seed=3)
    assert acted.asked == {"unused": True, "mode": "global"}


@pytest.mark.parametrize(
    ("mode", "device", "replays"),
    [
        ("reduce-overhead", CUDA, True),
        ("max-autotune", CUDA, True),
        ("max-autotune-no-cudagraphs", CUDA, False),
        ("default", CUDA, False),
        ("reduce-overhead", torch.device("cpu"), False),
    ],
)
def test_compiled_passes_are_replayed_in_the_modes_that_capture(
    mode: str, device: torch.device, replays: bool
) -> None:
    setup = make_setup(device=device, accumulation=2)
    setup.compilation = Compilation(mode, dynamic=False, fullgraph=False)
    assert setup.replays is replays
    assert said(setup, "compile", "copied out") is replays
    setup.accumulation = 1
    assert not said(setup, "compile", "copied out")


def said(setup: TrainingSetup, technique: str, words: str) -> bool:
    found = (pitfall.check(setup) for pitfall in registry.load(technique).pitfalls)
    return any(words in finding for finding in found if finding is not None)


def test_that_gradients_are_copied_is_said() -> None:
    assert said(make_setup(cuda_graphs=True, set_to_none=False), "cuda_graphs", "copied out")
    assert not said(make_setup(cuda_graphs=True), "cuda_graphs", "copied out")

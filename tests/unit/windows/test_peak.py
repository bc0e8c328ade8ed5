"""The peak of a variant is that of the memory its steps really use."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.techniques.setup import (
    Compilation,
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.windows.peak import Peak, peak, reset_peak

GRAPHS = 900  # bytes that capturing set aside
TENSORS = 100  # bytes of tensors that the allocator knows of


class Allocator:
    """Acts torch's: a replay allocates nothing, and what was captured stays reserved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cached = 5000
        self.peak = 10_000
        monkeypatch.setattr(torch.cuda, "empty_cache", self.empty)
        monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", self.reset)
        monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _device: self.peak)
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _device: TENSORS)

    def empty(self) -> None:
        self.cached = 0

    def reset(self, _device: torch.device) -> None:
        self.peak = GRAPHS + TENSORS + self.cached


def make_setup(device: str, **changes: object) -> TrainingSetup:
    setup = TrainingSetup(
        device=torch.device(device),
        model=torch.nn.Linear(1, 1),
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(torch.zeros(1)),
        loader=LoaderArguments(batch_size=1),
        optimizer=OptimizerArguments("sgd", lr=0.1),
        schedule=ScheduleArguments("constant"),
    )
    for name, value in changes.items():
        setattr(setup, name, value)
    return setup


@pytest.mark.parametrize(
    "changes",
    [
        {"cuda_graphs": True},
        {"compilation": Compilation("reduce-overhead", dynamic=False, fullgraph=False)},
    ],
    ids=["cuda_graphs", "compile"],
)
def test_passes_that_are_replayed_count_what_their_capture_set_aside(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    Allocator(monkeypatch)
    setup = make_setup("cuda", **changes)
    reset_peak(setup)
    assert peak(setup) == Peak(GRAPHS + TENSORS, "device memory reserved")


def test_other_passes_count_what_is_allocated_and_keep_their_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allocator = Allocator(monkeypatch)
    setup = make_setup("cuda")
    reset_peak(setup)
    assert allocator.cached
    assert peak(setup) == Peak(TENSORS, "device allocations")


def test_without_a_device_it_is_the_process_that_counts() -> None:
    setup = make_setup("cpu")
    reset_peak(setup)
    found = peak(setup)
    assert found.of == "host process"
    assert found.bytes is None or found.bytes > 0

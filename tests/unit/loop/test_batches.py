"""Epochs cut short end as whole ones do, and the next one is whole again."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from annt_prof.loop.batches import Batches
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.assembly import make_loader


class Numbers(Dataset):
    def __len__(self) -> int:
        return 21

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.full((2,), float(index)), 0


def loader(workers: int = 0, *, persistent: bool = False) -> DataLoader:
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Linear(2, 2),
        criterion=torch.nn.functional.cross_entropy,
        dataset=Numbers(),
        loader=LoaderArguments(2, num_workers=workers, persistent_workers=persistent),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
    )
    return make_loader(setup, seed=3)


def seen(batches: Batches, count: int) -> list[float]:
    return [value for _ in range(count) for value in next(batches)[0][:, 0].tolist()]


def test_the_order_is_that_of_a_plain_loader() -> None:
    plain = DataLoader(
        Numbers(),
        batch_size=2,
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(3),
    )
    expected = [v for inputs, _ in plain for v in inputs[:, 0].tolist()]
    assert seen(Batches(loader()), 10) == expected


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (2, True)])
def test_a_short_epoch_is_followed_by_a_whole_one(workers: int, persistent: bool) -> None:
    batches = Batches(loader(workers, persistent=persistent))
    assert (batches.per_epoch, batches.remaining, batches.between_epochs) == (10, 10, True)
    batches.shorten_next(4)
    assert batches.remaining == 4
    seen(batches, 4)
    assert batches.between_epochs
    whole = seen(batches, 10)
    assert len(set(whole)) == 20
    assert batches.between_epochs


def test_the_loader_is_asked_for_no_batch_beyond_a_short_epoch() -> None:
    source = loader()
    batches = Batches(source)
    batches.shorten_next(3)
    seen(batches, 1)
    assert source.batch_sampler is not None
    assert source.batch_sampler.at_most == 3


def test_what_is_left_of_an_epoch_can_be_dropped() -> None:
    batches = Batches(loader())
    seen(batches, 3)
    batches.end_epoch()
    assert (batches.remaining, batches.between_epochs) == (10, True)
    assert len(set(seen(batches, 10))) == 20


def test_no_epoch_is_longer_than_it_is() -> None:
    batches = Batches(loader())
    batches.shorten_next(1000)
    assert batches.remaining == 10

"""What a fresh process has behind it when its first window begins."""

import gc

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.loop.step import Loop
from annt_prof.loop.warming import warm_up
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)


@pytest.fixture
def loop():
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Linear(3, 2),
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(torch.zeros(64, 3), torch.zeros(64, dtype=torch.long)),
        loader=LoaderArguments(batch_size=4),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
    )
    return Loop(setup, seed=0)


def full_collections():
    return gc.get_stats()[2]["collections"]


def test_the_first_full_collection_falls_into_no_window(loop):
    """As much was imported since the last one that the next would come within the windows."""
    imported = [[number] for number in range(len(gc.get_objects()))]
    before = full_collections()
    warm_up(loop, warmup=2, limit_s=60)
    after = full_collections()
    for _ in range(200):  # what a step keeps for a while, one generation after the other
        kept = [[number] for number in range(800)]
        gc.collect(1)
    assert after > before
    assert full_collections() == after
    assert len(imported) > len(kept)

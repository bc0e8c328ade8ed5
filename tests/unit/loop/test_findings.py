"""What the checks of pitfalls find is known of a variant that fails as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.errors import UserError
from annt_prof.loop.messages import Assignment
from annt_prof.loop.worker import _loop
from annt_prof.plan import Variant
from annt_prof.remarks import Remark
from annt_prof.scenario.schema import ChosenTechnique, Scenario
from annt_prof.techniques import registry
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)

if TYPE_CHECKING:
    from pathlib import Path

NAME = "activation_checkpointing"


def test_a_loop_that_cannot_be_built_leaves_what_was_found(tmp_path: Path) -> None:
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 2)),
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(torch.zeros(4, 2), torch.zeros(4, dtype=torch.long)),
        loader=LoaderArguments(batch_size=2),
        optimizer=OptimizerArguments("sgd", lr=0.1),
        schedule=ScheduleArguments("constant"),
    )
    chosen = ChosenTechnique(NAME, registry.load(NAME).options())
    scenario = Scenario.model_validate(
        {
            "model": {"source": "torchvision", "name": "resnet18"},
            "dataset": {"name": "digits", "batch_size": 2},
        }
    )
    assignment = Assignment(
        scenario, Variant(NAME, (chosen,)), "cpu", None, tmp_path, tmp_path, tmp_path
    )
    findings: list[Remark] = []
    with pytest.raises(UserError, match="no blocks"):
        _loop(assignment, setup, findings)
    assert len(findings) == 1
    assert findings[0].sentence.startswith(f"{NAME}: batch norm sees each batch twice")

"""A whole scenario to its baseline's declaration."""

import random

import numpy as np
import pytest
import torch
from on_disk import write_cifar

from annt_prof.errors import UserError
from annt_prof.scenario.loading import load
from annt_prof.techniques.setup import GradientClipping
from annt_prof.workload.build import build
from shipped import scenario_files

CPU = torch.device("cpu")

SCENARIO = """\
name: small
model: {source: torchvision, name: resnet18, stem: cifar}
dataset:
  name: cifar10
  batch_size: 4
  workers: 1
  pin_memory: true
  non_blocking: true
  augmentation: [random_crop, horizontal_flip]
optimizer:
  name: sgd
  lr: 0.2
  momentum: 0.5
  nesterov: true
  weight_decay: 0.01
  backbone_lr_factor: 0.1
  clipping: {kind: value, limit: 0.01}
schedule: {name: exponential, gamma: 0.9, step_every: epoch, epochs: 3}
loss: {label_smoothing: 0.1}
seed: 3
"""


@pytest.fixture
def built(tmp_path):
    """Builds the scenario with overrides."""
    write_cifar("cifar10", tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO)

    def make(*overrides, device=CPU):
        scenario = load(path, overrides).resolve(False).scenario
        return build(scenario, device, tmp_path)

    return make


def test_every_choice_reaches_the_setup(built):
    workload = built(device=torch.device("meta"))  # stands for any that is not the host
    setup = workload.setup
    assert workload.num_classes == 10
    assert (setup.loader.batch_size, setup.loader.num_workers) == (4, 1)
    assert setup.loader.pin_memory
    assert setup.non_blocking
    assert (setup.optimizer.name, setup.optimizer.lr) == ("sgd", 0.2)
    assert setup.optimizer.backbone_lr_factor == 0.1
    assert setup.optimizer.arguments == {
        "weight_decay": 0.01, "momentum": 0.5, "nesterov": True,
    }  # fmt: skip
    assert setup.schedule.arguments == {"gamma": 0.9}
    assert (setup.schedule.step_every, setup.schedule.epochs) == ("epoch", 3)
    assert setup.clipping == GradientClipping("value", 0.01)
    assert setup.model.fc.out_features == 10
    assert setup.accumulation == 1
    assert setup.autocast is None


def test_the_loss_is_cross_entropy_smoothed_as_asked(built):
    logits, targets = torch.randn(6, 10), torch.arange(6)
    smoothed = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.1)
    assert torch.equal(built().setup.criterion(logits, targets), smoothed)
    plain = built("loss.label_smoothing=0").setup.criterion(logits, targets)
    assert torch.equal(plain, torch.nn.functional.cross_entropy(logits, targets))


def test_weights_are_the_seeds_and_so_is_what_comes_after(built):
    def everything(*overrides):
        state = built(*overrides).setup.model.state_dict()
        drawn = (torch.rand(1).item(), float(np.random.rand()), random.random())
        return state, drawn

    one, drawn = everything()
    torch.rand(17)
    same, drawn_again = everything()
    other, other_drawn = everything("seed=4")
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert drawn == drawn_again
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])
    assert drawn[0] != other_drawn[0]


def test_the_images_are_the_same_for_the_same_seed(built):
    first, second = (built().setup.dataset[5][0] for _ in range(2))
    assert torch.equal(first, second)


def test_substitutions_of_data_and_model_are_both_there(built):
    found = built("model.pretrained=true", "dataset.name=cifar100").substitutions[:-1]
    assert len(found) == 2
    assert found[0].wanted.startswith("cifar100")
    assert found[1].wanted.startswith("pretrained weights of resnet18")


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ((), True),
        (("dataset.pin_memory=false",), True),
        (("dataset.non_blocking=false",), True),
        (("dataset.pin_memory=false", "dataset.non_blocking=false"), False),
    ],
)
def test_a_pinned_baseline_without_an_accelerator_is_told(overrides, wanted, built):
    workload = built(*overrides)
    assert not workload.setup.loader.pin_memory
    assert not workload.setup.non_blocking
    assert any(s.wanted.startswith("pinned batches") for s in workload.substitutions) == wanted


def test_an_adam_gets_no_momentum(built):
    overrides = ("optimizer.momentum=0", "optimizer.nesterov=false", "optimizer.name=adam")
    assert built(*overrides).setup.optimizer.arguments == {"weight_decay": 0.01}


def test_an_unknown_model_is_an_error(built):
    with pytest.raises(UserError, match='did you mean "resnet50"'):
        built("model.name=resnet51")


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_every_shipped_scenario_builds_without_network(path, tmp_path):
    scenario = load(path).resolve(True).scenario
    small = scenario.dataset.name.replace("cifar", "")
    if small.isdigit():
        write_cifar(scenario.dataset.name, tmp_path)
    with torch.device("meta"):  # shapes alone: the weights of a ViT take seconds to draw
        workload = build(scenario, torch.device("meta"), tmp_path)
    said = [each.wanted for each in workload.substitutions]
    assert any("pretrained" in each for each in said) is scenario.model.pretrained

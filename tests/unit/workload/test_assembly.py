"""Loader, optimizer and schedule as torch's own, from what the setup declares."""

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, OneCycleLR

from annt_prof.errors import UserError
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.assembly import make_loader, make_optimizer, make_schedule


def setup_with(samples=22, **loader):
    return TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Linear(1, 1),
        criterion=torch.nn.functional.cross_entropy,
        dataset=torch.utils.data.TensorDataset(torch.arange(samples), torch.zeros(samples)),
        loader=LoaderArguments(**{"batch_size": 4, **loader}),
        optimizer=OptimizerArguments("sgd", lr=0.1),
        schedule=ScheduleArguments("constant"),
    )


def order(loader):
    return [inputs.tolist() for inputs, _ in loader]


def test_the_order_is_the_seeds_and_each_epoch_has_another():
    one, same, other = (make_loader(setup_with(), seed) for seed in (5, 5, 6))
    first = order(one)
    assert first == order(same)
    assert first != order(other)
    assert first != order(one)


def test_incomplete_batches_are_dropped():
    loader = make_loader(setup_with(samples=22), 0)
    assert [len(batch) for batch in order(loader)] == [4] * 5
    assert len(loader) == 5


def test_the_order_is_the_same_with_loader_processes():
    assert order(make_loader(setup_with(), 3)) == order(make_loader(setup_with(num_workers=1), 3))


def test_loader_arguments_are_honoured():
    loader = make_loader(
        setup_with(num_workers=2, prefetch_factor=5, persistent_workers=True, pin_memory=True), 0
    )
    assert (loader.num_workers, loader.prefetch_factor) == (2, 5)
    assert loader.persistent_workers
    assert loader.pin_memory
    assert make_loader(setup_with(), 0).prefetch_factor is None


def test_a_batch_larger_than_the_dataset_is_refused():
    assert len(make_loader(setup_with(samples=4), 0)) == 1
    with pytest.raises(UserError, match="dataset's 3"):
        make_loader(setup_with(samples=3), 0)


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(())


def test_a_dataset_without_length_is_refused():
    setup = setup_with()
    setup.dataset = Stream()
    with pytest.raises(UserError, match="no length"):
        make_loader(setup, 0)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        self.head = torch.nn.Linear(4, 2)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)],
)
def test_the_optimizer_is_torchs_with_its_arguments(name, kind):
    model = Net()
    optimizer = make_optimizer(OptimizerArguments(name, 0.3, 1.0, {"weight_decay": 0.2}), model)
    assert type(optimizer) is kind
    (group,) = optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.3, 0.2)
    assert group["params"] == list(model.parameters())


def wrapped_by_compile(model):
    return torch.compile(model)


def wrapped_by_a_module(model):
    return torch.nn.Sequential(model)


@pytest.mark.parametrize("wrap", [lambda model: model, wrapped_by_compile, wrapped_by_a_module])
def test_the_backbone_learns_at_its_own_rate(wrap):
    model = Net()
    optimizer = make_optimizer(OptimizerArguments("sgd", 0.5, 0.1), wrap(model))
    backbone, head = optimizer.param_groups
    assert (backbone["lr"], head["lr"]) == (pytest.approx(0.05), 0.5)
    assert {id(p) for p in head["params"]} == {id(p) for p in model.head.parameters()}
    assert {id(p) for p in backbone["params"]} == {id(p) for p in model.backbone.parameters()}


def test_frozen_parameters_are_left_out():
    model = Net()
    model.backbone.requires_grad_(False)
    optimizer = make_optimizer(OptimizerArguments("sgd", 0.5), model)
    assert len(optimizer.param_groups[0]["params"]) == 2


def test_a_model_without_classifier_has_no_rate_for_one():
    model = torch.nn.BatchNorm1d(3)
    assert make_optimizer(OptimizerArguments("sgd", 0.5), model)
    with pytest.raises(UserError, match="backbone_lr_factor"):
        make_optimizer(OptimizerArguments("sgd", 0.5, 0.1), model)


def test_an_argument_the_optimizer_refuses_is_said():
    with pytest.raises(UserError, match="adam refuses its arguments"):
        make_optimizer(OptimizerArguments("adam", 0.1, 1.0, {"momentum": 0.9}), Net())


def optimizer_like(name="sgd", momentum=0.9):
    arguments = {"momentum": momentum} if name == "sgd" else {}
    return make_optimizer(OptimizerArguments(name, 0.4, 0.25, arguments), Net())


def rates(optimizer, schedule, steps):
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return found


# Three epochs of seven iterations; groups of three leave one incomplete group in each epoch.
@pytest.mark.parametrize(
    ("step_every", "total"), [("iteration", 21), ("optimizer_step", 9), ("epoch", 3)]
)
@pytest.mark.parametrize("name", ["one_cycle", "cosine", "exponential"])
def test_schedules_are_torchs_over_the_whole_training(name, step_every, total):
    ours, theirs = optimizer_like(), optimizer_like()
    gamma = {"gamma": 0.9} if name == "exponential" else {}
    schedule = make_schedule(ScheduleArguments(name, step_every, 3, gamma), ours, 7, 3)
    reference = {
        "one_cycle": lambda: OneCycleLR(theirs, max_lr=[0.1, 0.4], total_steps=total),
        "cosine": lambda: CosineAnnealingLR(theirs, T_max=total),
        "exponential": lambda: ExponentialLR(theirs, 0.9),
    }[name]()
    assert rates(ours, schedule, total - 1) == rates(theirs, reference, total - 1)


def test_a_constant_rate_has_no_schedule():
    assert make_schedule(ScheduleArguments("constant"), optimizer_like(), 7, 1) is None


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "exponential"])
def test_a_window_may_outlive_the_schedule(name):
    gamma = {"gamma": 0.9} if name == "exponential" else {}
    optimizer = optimizer_like()
    schedule = make_schedule(ScheduleArguments(name, "iteration", 2, gamma), optimizer, 5, 1)
    found = rates(optimizer, schedule, 25)
    assert all(0 <= rate <= 0.4 + 1e-12 for pair in found for rate in pair)
    if name == "one_cycle":
        assert found[10:20] == found[:10]


@pytest.mark.parametrize("total", [1, 2, 3])
def test_a_one_cycle_of_hardly_any_steps_runs(total):
    optimizer = optimizer_like()
    schedule = make_schedule(ScheduleArguments("one_cycle", "epoch", total), optimizer, 5, 1)
    assert all(rate > 0 for pair in rates(optimizer, schedule, 10) for rate in pair)


@pytest.mark.parametrize(
    ("name", "momentum", "key", "moves"),
    [("sgd", 0.9, "momentum", True), ("sgd", 0.0, "momentum", False), ("adam", 0, "betas", True)],
)
def test_one_cycle_moves_a_momentum_that_is_there_and_makes_none(name, momentum, key, moves):
    optimizer = optimizer_like(name, momentum)
    schedule = make_schedule(ScheduleArguments("one_cycle", "iteration", 1), optimizer, 20, 1)
    seen = set()
    for _ in range(15):
        seen.add(optimizer.param_groups[0][key])
        optimizer.step()
        schedule.step()
    assert (len(seen) > 1) is moves
    if not moves:
        assert seen == {0.0}

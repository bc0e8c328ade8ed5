"""Contradictions between keys that are valid one by one."""

import pytest

from annt_prof.machine.machine import Machine
from annt_prof.runner.obstacles import obstacles
from annt_prof.techniques.evidence import Baseline

GPU = Machine("cuda", "A GPU", 1, 8, native_bfloat16=True)


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        (
            "optimizer: {name: adam, momentum: 0.9, nesterov: true}",
            [
                "optimizer.momentum: adam has no momentum",
                "optimizer.nesterov: adam has no nesterov",
            ],
        ),
        ("optimizer: {nesterov: true}", ["needs optimizer.momentum above 0"]),
        ("schedule: {name: exponential}", ["scenario.yaml:3:18: schedule.name: an exponential"]),
        ("schedule: {gamma: 0.9}", ["schedule.gamma: constant has no gamma"]),
        (
            "schedule: {name: one_cycle, step_every: epoch, epochs: 3}",
            [
                "schedule.epochs: one_cycle advanced once per epoch needs schedule.epochs of at "
                "least 4"
            ],
        ),
        ("schedule: {name: cosine, step_every: epoch}", ["schedule.step_every: cosine advanced"]),
        ("window: {rounds: 3}", ["window.rounds: window.min_launches (5) is more than"]),
        (
            "window: {rounds: 3, min_launches: 4}",
            ["window.min_launches: window.min_launches (4) is more"],
        ),
    ],
)
def test_contradictions_are_placed(complaint, minimal, addition, expected):
    message = complaint(minimal + addition + "\n")
    for part in expected:
        assert part in message


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("{source: python, name: factory}", "a model of your own is named module:factory"),
        ("{source: python, name: 'a:b', pretrained: true}", "model.pretrained: a factory of your"),
        ("{source: timm, name: vit, stem: cifar}", "model.stem: only ResNets have a cifar stem"),
    ],
)
def test_contradictions_of_a_model(complaint, model, expected):
    assert expected in complaint(f"model: {model}\ndataset: {{name: digits, batch_size: 4}}\n")


@pytest.mark.parametrize("name", ["resnet50", "resnext50_32x4d", "wide_resnet50_2"])
def test_residual_networks_have_a_cifar_stem(load_text, name):
    load_text(
        f"model: {{source: torchvision, name: {name}, stem: cifar}}\n"
        "dataset: {name: digits, batch_size: 4}\n"
    )


def test_images_of_ones_own_augment_themselves(complaint):
    message = complaint(
        "model: {source: timm, name: x}\n"
        "dataset: {name: 'my.data:make', batch_size: 4, augmentation: [random_crop]}\n"
    )
    assert "dataset.augmentation: my.data:make is a dataset of your own" in message


@pytest.mark.parametrize("steps", [2, 3, 20])
def test_windows_that_cut_an_optimizer_step_are_no_contradiction(load_text, minimal, steps):
    load_text(
        minimal + f"techniques: {{gradient_accumulation: {{steps: {steps}}}}}\n"
        "window: {iterations: 11, traced_iterations: 3}\n"
    )


def test_a_misfit_that_the_overlay_brings_points_into_the_overlay(complaint, minimal):
    message = complaint(
        minimal
        + "optimizer: {name: sgd, momentum: 0.9, nesterov: true}\n"
        + "schedule: {name: cosine, step_every: epoch, epochs: 2}\n"
        + "when: {no_accelerator: {schedule: {epochs: 1}}}\n"
    )
    assert message.startswith(
        "scenario.yaml:5:44: when.no_accelerator.schedule.epochs: cosine advanced once per epoch"
    )
    assert "nesterov" not in message


@pytest.mark.parametrize(
    ("dataset", "technique"),
    [
        ("pin_memory: true, non_blocking: true", "pin_memory: "),
        ("workers: 2", "dataloader_workers: {workers: 2, persistent: false}"),
    ],
)
def test_what_the_baseline_does_already_is_a_result(load_text, dataset, technique):
    document = load_text(
        "model: {source: timm, name: x}\n"
        f"dataset: {{name: cifar10, batch_size: 4, {dataset}}}\n"
        f"techniques: {{{technique}}}\n"
    )
    resolved = document.resolve(accelerator=True)
    baseline = Baseline.of({value.path: value.value for value in resolved.values}, "cuda")
    mix = resolved.scenario.techniques
    assert obstacles(mix, GPU, baseline) == {mix[0].name: "the baseline does so already"}

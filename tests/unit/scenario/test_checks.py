"""Contradictions between keys that are valid one by one."""

import pytest


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


@pytest.mark.parametrize(
    ("steps", "iterations", "nearest"), [(4, 10, "8 or 12"), (20, 10, "20"), (3, 20, "18 or 21")]
)
def test_a_window_holds_whole_optimizer_steps(complaint, minimal, steps, iterations, nearest):
    message = complaint(
        minimal + f"techniques: {{gradient_accumulation: {{steps: {steps}}}}}\n"
        f"window: {{iterations: {iterations}, traced_iterations: {steps}}}\n"
    )
    assert message.startswith(
        "scenario.yaml:4:22: window.iterations: a window is a whole number of optimizer steps, "
        f"but window.iterations ({iterations}) is no multiple of "
        f"techniques.gradient_accumulation.steps ({steps}); the nearest: {nearest}\n"
        f"    window: {{iterations: {iterations}"
    )
    assert "traced_iterations (" not in message


def test_a_default_window_that_does_not_fit_points_at_the_accumulation(complaint, minimal):
    message = complaint(minimal + "techniques:\n  gradient_accumulation:\n    steps: 3\n")
    assert "scenario.yaml:5:12: techniques.gradient_accumulation.steps: a window is" in message
    assert "window.iterations (10)" in message
    assert "window.traced_iterations (4)" in message


def test_a_misfit_that_the_overlay_brings_points_into_the_overlay(complaint, minimal):
    message = complaint(
        minimal
        + "techniques: {gradient_accumulation: }\n"
        + "window: {iterations: 10}\n"
        + "when: {no_accelerator: {techniques: {gradient_accumulation: {steps: 5}}}}\n"
    )
    assert message.startswith(
        "scenario.yaml:5:69: when.no_accelerator.techniques.gradient_accumulation.steps: a window"
    )
    assert "window.traced_iterations (4)" in message
    assert "window.iterations (10)" not in message


def test_pinning_what_is_pinned_compares_nothing(complaint, load_text):
    text = (
        "model: {source: timm, name: x}\n"
        "dataset: {name: cifar10, batch_size: 4, pin_memory: true, non_blocking: true}\n"
    )
    assert "techniques.pin_memory: the baseline already loads this way" in complaint(
        text + "techniques: {pin_memory: }\n"
    )
    load_text(text + "techniques: {pin_memory: {non_blocking: false}}\n")

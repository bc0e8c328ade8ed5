"""The shipped scenarios say what they promise."""

import pytest

from annt_prof.plan import plan
from annt_prof.scenario.loading import load
from shipped import NAMES, PAPER, SCENARIOS, scenario_files

FILES = scenario_files()


def scenario(name, accelerator=True):
    return load(SCENARIOS / f"{name}.yaml").resolve(accelerator).scenario


def accumulation(chosen):
    """Iterations per optimizer step of the whole mix: no shipped scenario has windows rounded."""
    steps = [t.options.steps for t in chosen.techniques if t.name == "gradient_accumulation"]
    return steps[0] if steps else 1


def test_all_are_there():
    names = {path.relative_to(SCENARIOS).with_suffix("").as_posix() for path in FILES}
    assert names == set(NAMES)


@pytest.mark.parametrize("accelerator", [True, False])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_resolves(path, accelerator):
    resolved = load(path).resolve(accelerator)
    assert resolved.scenario.name == path.stem
    assert resolved.scenario.description
    assert bool(resolved.overrides_in_effect) is not accelerator
    window, steps = resolved.scenario.window, accumulation(resolved.scenario)
    assert window.iterations % steps == 0
    assert window.traced_iterations % steps == 0
    assert window.iterations >= 20 or not accelerator
    assert window.time_budget_s <= 90 or accelerator


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_machine_without_an_accelerator_does_less(path):
    document = load(path)
    on, off = (document.resolve(each).scenario for each in (True, False))
    assert off.dataset.batch_size < on.dataset.batch_size
    assert off.window.iterations < on.window.iterations
    assert off.dataset.workers == 0
    assert [t.name for t in off.techniques] == [t.name for t in on.techniques]


def test_variants_of_the_main_job_and_the_full_mix():
    assert [v.name for v in plan(scenario("vit_amp")).variants] == ["baseline", "amp"]
    assert [v.name for v in plan(scenario("vit_all")).variants] == [
        "baseline",
        "amp",
        "gradient_accumulation",
        "pin_memory",
        "all",
    ]


def test_the_digits_need_no_download():
    digits = scenario("resnet50_digits")
    assert digits.dataset.name == "digits"
    assert not digits.model.pretrained


@pytest.mark.parametrize("name", sorted(PAPER))
def test_each_setting_of_the_paper_has_its_source(name):
    """Every line that sets a value says where it comes from, or stands under one that does."""
    lines = (SCENARIOS / "paper" / f"{name}.yaml").read_text().splitlines()
    settings = lines[lines.index("model:") : lines.index("seed: 0  # [here] the paper states none")]
    unsourced = [
        line
        for line in settings
        if ": " in line
        and not line.lstrip().startswith("#")
        and not any(tag in line for tag in ("[code]", "[text]", "[here]"))
    ]
    window = {"warmup", "iterations", "switch_in", "rounds", "traced_iterations"}
    chosen = {"source", "name", "techniques"}  # what the paper is about, and our words for it
    assert {line.split(":")[0].strip() for line in unsourced} <= window | chosen


@pytest.mark.parametrize("data", ["cifar10", "cifar100"])
def test_the_papers_resnet50(data):
    without, tuned = (scenario(f"paper/resnet50_{data}_{w}") for w in ("without", "with"))
    for each in (without, tuned):
        assert (each.model.name, each.model.stem) == ("resnet50", "cifar")
        assert not each.model.pretrained
        assert (each.dataset.name, each.dataset.image_size) == (data, 32)
        assert (each.dataset.batch_size, each.dataset.workers) == (128, 2)
        assert (each.dataset.pin_memory, each.dataset.non_blocking) == (True, True)
        assert each.dataset.augmentation == ("random_crop", "horizontal_flip")
        optimizer, schedule = each.optimizer, each.schedule
        assert (optimizer.name, optimizer.lr, optimizer.weight_decay) == ("adam", 1e-3, 1e-3)
        assert (schedule.name, schedule.step_every, schedule.epochs) == (
            "one_cycle",
            "iteration",
            30,
        )
    assert without.techniques == ()
    assert (without.optimizer.clipping.kind, without.optimizer.clipping.limit) == ("value", 0.01)
    assert tuned.optimizer.clipping is None
    amp, accumulate = (chosen.options for chosen in tuned.techniques)
    assert (amp.dtype, amp.grad_scaler, amp.backward_in_autocast) == ("float16", "off", True)
    assert accumulate.steps == 2


@pytest.mark.parametrize(
    ("data", "lr", "epochs", "steps"), [("cifar10", 2e-5, 10, 15), ("cifar100", 3e-5, 15, 20)]
)
def test_the_papers_vit(data, lr, epochs, steps):
    without, tuned = (scenario(f"paper/vit_{data}_{w}") for w in ("without", "with"))
    for each in (without, tuned):
        assert each.model.source == "transformers"
        assert each.model.name == "google/vit-base-patch16-224-in21k"
        assert each.model.pretrained
        assert (each.dataset.image_size, each.dataset.batch_size) == (224, 70)
        assert each.dataset.workers == 0
        optimizer = each.optimizer
        assert (optimizer.name, optimizer.lr, optimizer.weight_decay) == ("adamw", lr, 0.01)
        assert each.schedule.epochs == epochs
    assert without.techniques == ()
    assert tuned.techniques[0].options.dtype == "float16"
    assert accumulation(tuned) == steps


@pytest.mark.parametrize("data", ["cifar10", "cifar100"])
def test_the_papers_efficientnet(data):
    without, tuned = (scenario(f"paper/efficientnet_{data}_{w}") for w in ("without", "with"))
    for each in (without, tuned):
        assert (each.model.name, each.model.pretrained) == ("efficientnet_b0", True)
        assert (each.dataset.image_size, each.dataset.interpolation) == (224, "bicubic")
        assert each.dataset.augmentation == ("random_affine", "horizontal_flip")
        optimizer, schedule = each.optimizer, each.schedule
        assert (optimizer.name, optimizer.nesterov, optimizer.lr) == ("sgd", True, 0.01)
        assert (optimizer.backbone_lr_factor, optimizer.weight_decay) == (0.1, 1e-3)
        assert (schedule.name, schedule.gamma, schedule.step_every) == (
            "exponential",
            0.975,
            "epoch",
        )
        assert schedule.epochs == 20
    assert (without.dataset.batch_size, tuned.dataset.batch_size) == (96, 200)
    assert [chosen.name for chosen in tuned.techniques] == ["amp"]


@pytest.mark.parametrize("name", sorted(PAPER))
def test_the_paper_on_a_cpu_avoids_emulated_float16(name):
    for chosen in scenario(f"paper/{name}", accelerator=False).techniques:
        if chosen.name == "amp":
            assert chosen.options.dtype == "bfloat16"
            assert chosen.options.grad_scaler in ("auto", "off")

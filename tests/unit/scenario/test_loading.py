"""From file, overlay and overrides to one effective scenario."""

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annt_prof.errors import UserError
from annt_prof.scenario.effective import EffectiveValue, differences
from annt_prof.scenario.loading import load
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions


def values_of(resolved):
    return {value.path: (value.value, value.origin) for value in resolved.values}


def test_the_least_scenario_has_every_default(load_text, minimal):
    document = load_text(minimal)
    resolved = document.resolve(accelerator=True)
    assert document.text == minimal
    assert resolved.scenario.name == "scenario"
    assert resolved.scenario.window.rounds == 300
    assert resolved.scenario.techniques == ()
    values = values_of(resolved)
    assert values["dataset.batch_size"] == (8, "scenario.yaml:2:26")
    assert values["window.rounds"] == (300, "default")
    assert values["techniques"] == ({}, "default")
    assert values["optimizer.clipping"] == (None, "default")
    assert values["name"] == ("scenario", "file name")
    assert document.resolve(accelerator=False).scenario == resolved.scenario


def test_the_mix_keeps_its_order_and_null_is_the_defaults(load_text, minimal):
    mix = "techniques:\n  gradient_accumulation: {}\n  amp: {dtype: bfloat16}\n  pin_memory:\n"
    resolved = load_text(minimal + mix).resolve(accelerator=True)
    chosen = resolved.scenario.techniques
    assert [each.name for each in chosen] == ["gradient_accumulation", "amp", "pin_memory"]
    assert chosen[0].options == GradientAccumulationOptions()
    assert chosen[1].options == AmpOptions(dtype="bfloat16")
    values = values_of(resolved)
    assert values["techniques.amp.dtype"] == ("bfloat16", "scenario.yaml:5:9")
    assert values["techniques.amp.grad_scaler"] == ("auto", "default")
    assert values["techniques.pin_memory.pin"] == (True, "default")


def test_a_scenario_travels_to_a_worker(load_text, minimal):
    scenario = load_text(minimal + "techniques: {amp: }\n").resolve(accelerator=True).scenario
    assert pickle.loads(pickle.dumps(scenario)) == scenario


OVERLAY = """\
techniques:
  amp:
when:
  no_accelerator:
    dataset: {batch_size: 2}
    techniques: {amp: {dtype: bfloat16}}
    window:
      rounds: 8
    seed: 0
"""


def test_the_overlay_acts_without_an_accelerator_only(load_text, minimal):
    document = load_text(minimal + OVERLAY)
    on, off = document.resolve(accelerator=True), document.resolve(accelerator=False)
    assert (on.scenario.dataset.batch_size, off.scenario.dataset.batch_size) == (8, 2)
    assert on.overrides_in_effect == ()
    assert off.overrides_in_effect == (
        "dataset.batch_size: 8 -> 2, as this machine has no accelerator",
        "techniques.amp.dtype: auto -> bfloat16, as this machine has no accelerator",
        "window.rounds: 300 -> 8, as this machine has no accelerator",
    )
    values = values_of(off)
    assert values["dataset.batch_size"] == (2, "when.no_accelerator (scenario.yaml:7:15)")
    assert values["seed"] == (0, "when.no_accelerator (scenario.yaml:11:5)")
    assert values["dataset.name"][1] == "scenario.yaml:2:11"


def test_an_override_wins_over_the_overlay(load_text, minimal):
    off = load_text(minimal + OVERLAY, "dataset.batch_size=4").resolve(accelerator=False)
    assert values_of(off)["dataset.batch_size"] == (4, "--set")
    assert not any("batch_size" in sentence for sentence in off.overrides_in_effect)


def test_the_overlay_may_take_clipping_away(load_text, minimal):
    text = minimal + (
        "optimizer: {clipping: {kind: norm, limit: 1}}\n"
        "when: {no_accelerator: {optimizer: {clipping: null}}}\n"
    )
    off = load_text(text).resolve(accelerator=False)
    assert off.scenario.optimizer.clipping is None
    assert values_of(off)["optimizer.clipping"][0] is None
    assert off.overrides_in_effect[0].startswith("optimizer.clipping: not set -> null")


def test_an_override_assigns_a_whole_mapping(load_text, minimal):
    text = minimal + "techniques: {amp: {dtype: float16}, pin_memory: }\n"
    replaced = load_text(text, "techniques={pin_memory: }").resolve(accelerator=True)
    assert [each.name for each in replaced.scenario.techniques] == ["pin_memory"]
    reset = load_text(text, "techniques.amp={}").resolve(accelerator=True)
    assert values_of(reset)["techniques.amp.dtype"] == ("auto", "default")


def test_overrides_apply_in_turn_and_read_yaml_1_2(load_text, minimal):
    scenario = (
        load_text(
            minimal,
            "seed=1",
            "seed=2",
            "optimizer.lr=1e-4",
            "dataset.augmentation=[horizontal_flip]",
            "optimizer.clipping={kind: value, limit: 0.01}",
            "dataset.name=my.module:make",
            "dataset.augmentation=[]",
        )
        .resolve(accelerator=True)
        .scenario
    )
    assert scenario.seed == 2
    assert scenario.optimizer.lr == 1e-4
    assert scenario.optimizer.clipping.limit == 0.01
    assert scenario.dataset.name == "my.module:make"


numbers = st.none() | st.integers(1, 10**4)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(file=numbers, overlay=numbers, override=numbers, accelerator=st.booleans())
def test_default_gives_way_to_file_to_overlay_to_override(
    write, minimal, file, overlay, override, accelerator
):
    text = minimal
    if file is not None:
        text += f"window: {{warmup: {file}}}\n"
    if overlay is not None:
        text += f"when: {{no_accelerator: {{window: {{warmup: {overlay}}}}}}}\n"
    overrides = [] if override is None else [f"window.warmup={override}"]
    resolved = load(write(text), overrides).resolve(accelerator)
    layers = [
        (override, "--set"),
        (None if accelerator else overlay, "when.no_accelerator (scenario.yaml"),
        (file, "scenario.yaml:3:10"),
        (5, "default"),
    ]
    value, origin = next(layer for layer in layers if layer[0] is not None)
    found = values_of(resolved)["window.warmup"]
    assert resolved.scenario.window.warmup == value == found[0]
    assert found[1].startswith(origin)


@pytest.mark.parametrize(
    ("file", "name"),
    [("vit amp.yaml", "vit-amp"), ("-x.yaml", "x"), ("é.yaml", "scenario"), ("a.b.yaml", "a.b")],
)
def test_a_nameless_scenario_is_named_after_its_file(write, minimal, file, name):
    assert load(write(minimal, file)).resolve(accelerator=True).scenario.name == name


def test_a_byte_order_mark_and_windows_line_ends_are_read(write, minimal):
    path = write(b"\xef\xbb\xbf" + minimal.replace("\n", "\r\n").encode())
    assert load(path).resolve(accelerator=True).scenario.dataset.batch_size == 8


def test_anchors_serve_to_say_things_once(load_text, minimal):
    text = minimal + (
        "window: &short {iterations: 4, rounds: 9}\n"
        "when: {no_accelerator: {window: {<<: *short, rounds: 6}}}\n"
    )
    window = load_text(text).resolve(accelerator=False).scenario.window
    assert (window.iterations, window.rounds) == (4, 6)


def test_effective_values_are_json_and_complete(load_text, minimal):
    import msgspec

    text = minimal + "techniques: {amp: }\n"
    resolved = load_text(text, "model.arguments={depth: [1, 2], deep: {er: x}}").resolve(True)
    again = msgspec.json.decode(
        msgspec.json.encode(resolved.values), type=tuple[EffectiveValue, ...]
    )
    assert again == resolved.values
    values = values_of(resolved)
    assert values["model.arguments.depth"] == ([1, 2], "--set")
    assert values["model.arguments.deep.er"] == ("x", "--set")
    paths = [value.path for value in resolved.values]
    assert len(set(paths)) == len(paths)


def test_differences_name_what_is_new_or_other():
    before = (EffectiveValue("a", 1, "default"), EffectiveValue("b", "x", "default"))
    after = (
        EffectiveValue("a", 2, "--set"),
        EffectiveValue("b", "x", "--set"),
        EffectiveValue("c", [True], "--set"),
    )
    assert differences(before, after) == ("a: 1 -> 2", "c: not set -> [true]")


PICKY = """\
schedule: {step_every: epoch, epochs: 20}
when: {no_accelerator: {dataset: {batch_size: 2}, schedule: {epochs: 2}}}
"""


def test_an_override_need_only_go_with_what_acts_here(load_text, minimal):
    document = load_text(minimal + PICKY, "schedule.name=one_cycle")
    assert document.resolve(accelerator=True).scenario.schedule.epochs == 20
    with pytest.raises(UserError) as caught:
        document.resolve(accelerator=False)
    message = str(caught.value)
    assert "when.no_accelerator.schedule.epochs" in message
    assert "one_cycle advanced once per epoch needs schedule.epochs of at least 4, not 2" in message


def test_the_overlay_is_stated_even_if_an_override_spoils_the_other_machine(load_text, minimal):
    text = minimal + PICKY.replace("epochs: 20", "epochs: 3").replace(
        "schedule: {epochs: 2}", "seed: 7, schedule: {epochs: 5}"
    )
    document = load_text(text, "schedule.name=one_cycle")
    with pytest.raises(UserError, match=r"schedule\.epochs"):
        document.resolve(accelerator=True)
    assert document.resolve(accelerator=False).overrides_in_effect == (
        "dataset.batch_size: 8 -> 2, as this machine has no accelerator",
        "schedule.epochs: 3 -> 5, as this machine has no accelerator",
        "seed: 0 -> 7, as this machine has no accelerator",
    )


def test_an_override_that_goes_with_no_machine_is_refused_at_once(load_text, minimal):
    with pytest.raises(UserError, match=r"schedule\.gamma"):
        load_text(minimal + PICKY, "schedule.name=exponential")


def test_a_mistake_in_the_overlay_is_refused_whatever_the_overrides(load_text, minimal):
    text = minimal + "when: {no_accelerator: {seed: -1}}\n"
    with pytest.raises(UserError, match=r"when\.no_accelerator\.seed: found -1"):
        load_text(text, "window.rounds=7")


def test_fewer_rounds_for_a_quick_look_need_no_second_override(load_text, minimal):
    text = minimal + "window: {rounds: 9, min_launches: 8}\n"
    window = load_text(text, "window.rounds=2").resolve(accelerator=True).scenario.window
    assert (window.rounds, window.min_launches) == (2, 8)
    with pytest.raises(UserError, match="min_launches"):
        load_text(text, "window.rounds=2", "window.min_launches=3")

"""The JSON Schema agrees with the loader."""

import json

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from annt_prof.scenario.json_schema import json_schema
from annt_prof.techniques import registry
from shipped import SCENARIOS, scenario_files

FILES = scenario_files()

BUDGETS = (
    "step_time: {max: 42 ms}",
    "step_time: [{max: 42.5ms}, {max_ratio: 0.6, to: variant:baseline, variant: amp}]",
    "throughput: {min_ratio: 97 %, to: baseline}, peak_memory: {max: 12 GiB}",
    "data_loading: {max_share: 5 %, floor: 1 ms}, kernels.gemm: {max_share: 0.05}",
    "energy_per_sample: {max_ratio: 105 %, to: reference}, compile_time: {max: .5 s}",
    "tensor_core_share: {min: 100 %}, mfu: {min: 0.35}, skipped_steps: {max: 0}",
    "no_pitfalls: all",
    "no_pitfalls: [item_every_iteration], copies_in_passes: {max: 0, variant: amp}",
    'on: {device: H100, cores: 8, power_limit_w: 350.5, torch: "2.14", driver: 550}',
)
WRONG_BUDGETS = (
    "step_tim: {max: 42 ms}",
    "gemm: {max: 42 ms}",
    "step_time: 42 ms",
    "step_time: []",
    "step_time: {}",
    "step_time: {max: 42}",
    "step_time: {max: 42 GiB}",
    "step_time: {max: 0.0 ms}",
    "step_time: {max: -1 ms}",
    "step_time: {max: nan ms}",
    "step_time: {max: 1 ms, min: 1 ms}",
    "step_time: {max: 1 ms, to: baseline}",
    "step_time: {max: 1 ms, variant: 3}",
    "step_time: {max: 1 ms, variants: amp}",
    "step_time: {max_ratio: 1.05}",
    "step_time: {max_ratio: 0, to: baseline}",
    "step_time: {max_ratio: 0 %, to: baseline}",
    "step_time: {max_ratio: 1.05, to: base}",
    "step_time: {max_share: 5 %}",
    "sync: {max_share: 101 %}",
    "sync: {max_share: 5}",
    "sync: {max: 5 %}",
    "sync: {max: 5 ms, floor: 1 ms}",
    "mfu: {min: 0}",
    "skipped_steps: {max: -1}",
    "skipped_steps: {max: 1.5}",
    "skipped_steps: {min: 0}",
    "skipped_steps: {max_ratio: 2, to: baseline}",
    "no_pitfalls: []",
    "no_pitfalls: none",
    "no_pitfalls: [item_every_iter]",
    "no_pitfalls: [copies_in_passes, copies_in_passes]",
    "copies_in_passes: {max: 1}",
    "copies_in_passes: {variant: amp}",
    "on: {}",
    "on: {devise: H100}",
    "on: {torch: 2.14}",
    "on: {cores: 0}",
)


@pytest.fixture(scope="module")
def validator():
    return Draft7Validator(json_schema())


def complaints(validator, text):
    value = YAML(typ="safe", pure=True).load(text)
    return [error.message for error in validator.iter_errors(value)]


def test_it_is_draft_7(validator):
    Draft7Validator.check_schema(validator.schema)
    assert validator.schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = json.dumps(validator.schema)
    for newer in ('"$defs"', '"prefixItems"', '"unevaluatedProperties"', '"dependentRequired"'):
        assert newer not in text


def test_nothing_stands_beside_a_reference(validator):
    def walk(schema):
        if isinstance(schema, dict):
            assert "$ref" not in schema or len(schema) == 1
            for child in schema.values():
                walk(child)
        elif isinstance(schema, list):
            for child in schema:
                walk(child)

    walk(validator.schema)


def test_every_reference_leads_somewhere(validator):
    text = json.dumps(validator.schema)
    for part in text.split('"#/definitions/')[1:]:
        assert part.split('"')[0] in validator.schema["definitions"]


def test_every_key_is_described(validator):
    for name, definition in validator.schema["definitions"].items():
        for key, part in definition.get("properties", {}).items():
            inner = part.get("allOf", [part])[0]
            assert "description" in part or "$ref" in inner, f"{name}.{key}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_scenarios_fit(validator, path):
    assert complaints(validator, path.read_text()) == []


@pytest.mark.parametrize(
    "addition",
    [
        "seed: -1",
        "sed: 1",
        "window: {rouns: 3}",
        "optimizer: {lr: fast}",
        "optimizer: {clipping: {kind: norm}}",
        "techniques: {apm: }",
        "techniques: {amp: {dtyp: auto}}",
        "techniques: {gradient_accumulation: {steps: 1}}",
        "when: {no_gpu: {}}",
        "when: {no_accelerator: {dataset: {batch_size: 0}}}",
        "when: {no_accelerator: {techniques: {amp: {dtype: fp8}}}}",
        *(f"budgets: {{{entry}}}" for entry in WRONG_BUDGETS),
        *(f"when: {{no_accelerator: {{budgets: {{{entry}}}}}}}" for entry in WRONG_BUDGETS),
        "budgets: {sync: null}",
        "budgets: []",
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(validator, complaint, minimal, addition):
    text = minimal + addition + "\n"
    assert complaints(validator, text)
    assert complaint(text)


@pytest.mark.parametrize(
    "addition",
    [
        "techniques:",
        "techniques: {}",
        "techniques: {amp: , pin_memory: {pin: true}}",
        "optimizer: {clipping: null}",
        "when: {no_accelerator: {dataset: {batch_size: 2}, techniques: {amp: }}}",
        "when:\n  no_accelerator:",
        "when:",
        "seed: 3",
        *(f"budgets: {{{entry}}}" for entry in BUDGETS),
        *(f"when: {{no_accelerator: {{budgets: {{{entry}}}}}}}" for entry in BUDGETS),
        "budgets:",
        "when: {no_accelerator: {budgets: {sync: null, no_pitfalls: null, on: null}}}",
    ],
)
def test_what_the_loader_takes_the_schema_takes(validator, load_text, minimal, addition):
    text = minimal + addition + "\n"
    load_text(text)
    assert complaints(validator, text) == []


def test_a_scenario_needs_model_and_dataset_but_an_overlay_does_not(validator):
    assert len(complaints(validator, "{}")) == 2
    assert "required" not in validator.schema["definitions"]["PartialScenario"]
    assert "required" not in validator.schema["definitions"]["PartialDatasetChoice"]


def test_the_schema_beside_the_scenarios_is_up_to_date():
    stored = json.loads((SCENARIOS / "scenario.schema.json").read_text())
    assert stored == json_schema(registry.shipped()), (
        "regenerate it: annt-prof schema > scenarios/scenario.schema.json"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_scenario_tells_the_editor_of_it(path):
    first, *_ = path.read_text().splitlines()
    key, _, schema = first.partition("$schema=")
    assert key == "# yaml-language-server: "
    assert (path.parent / schema).resolve() == SCENARIOS / "scenario.schema.json"

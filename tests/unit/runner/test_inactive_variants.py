"""What one batch of the baseline leaves to be measured."""

import dataclasses

from annt_prof.machine.machine import Machine
from annt_prof.plan import plan
from annt_prof.runner.job import Job
from annt_prof.runner.obstacles import obstacles
from annt_prof.runner.variant_state import make_states
from annt_prof.scenario.schema import Scenario
from annt_prof.techniques import registry
from annt_prof.techniques.observed import Observed

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
SCENARIO = Scenario.model_validate(
    {
        "model": {"source": "torchvision", "name": "resnet18"},
        "dataset": {"name": "digits", "batch_size": 4},
        "techniques": {"amp": {}, "sdpa": {}, "gradient_accumulation": {"steps": 8}},
        "window": {"iterations": 8},
    }
)
OBSERVED = Observed(
    device_type="cpu",
    operators=frozenset({"aten::convolution", "aten::addmm"}),
    float32_operators=frozenset({"aten::convolution", "aten::addmm"}),
    attention=frozenset(),
    dimensions=frozenset({1, 2, 4}),
    batches_per_epoch=4,
    batch_bytes=1000,
    batch_on_device=False,
)
NO_ATTENTION = "it did not act: the model ran no scaled dot-product attention"
SHORT_EPOCH = "it did not act: an epoch has 4 batches, so groups of 8 were never reached"


def test_what_cannot_have_acted_is_no_variant_and_left_out_of_the_mix(tmp_path):
    job = Job(SCENARIO, plan(SCENARIO), CPU, None, tmp_path, tmp_path, observed=OBSERVED)
    found = {state.variant.name: state.record for state in make_states(job)}
    alone = {name: (found[name].status, found[name].reason) for name in found}
    assert alone == {
        "baseline": ("measured", None),
        "amp": ("measured", None),
        "sdpa": ("not_applicable", NO_ATTENTION),
        "gradient_accumulation": ("not_applicable", SHORT_EPOCH),
        "all": (
            "not_applicable",
            "without sdpa and gradient_accumulation it is the same as amp",
        ),
    }
    assert found["all"].left_out == {"sdpa": NO_ATTENTION, "gradient_accumulation": SHORT_EPOCH}


def test_the_design_is_chosen_without_what_cannot_act():
    inapplicable = obstacles(SCENARIO.techniques, CPU, observed=OBSERVED)
    assert inapplicable == {"sdpa": NO_ATTENTION, "gradient_accumulation": SHORT_EPOCH}
    assert obstacles(SCENARIO.techniques, CPU) == {}


def test_a_plug_in_that_raises_when_asked_costs_its_own_variants(monkeypatch, tmp_path):
    def broken(_options, _observed):
        raise KeyError("gpu")

    registered = registry.load

    def load(name):
        known = registered(name)
        return dataclasses.replace(known, inaction=broken) if name == "amp" else known

    monkeypatch.setattr(registry, "load", load)
    job = Job(SCENARIO, plan(SCENARIO), CPU, None, tmp_path, tmp_path, observed=OBSERVED)
    found = {state.variant.name: state.record for state in make_states(job)}
    assert (found["amp"].status, found["amp"].reason) == (
        "crashed",
        "amp of annt_prof.techniques.shipped.amp: its inaction raised KeyError: 'gpu'",
    )
    assert found["sdpa"].status == "not_applicable"

"""Variants and the order of rounds."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.plan import Plan, Variant, plan
from annt_prof.scenario.schema import ChosenTechnique, Scenario
from annt_prof.techniques.amp import AmpOptions
from annt_prof.techniques.gradient_accumulation import GradientAccumulationOptions

AMP = ChosenTechnique("amp", AmpOptions())
ACCUMULATION = ChosenTechnique("gradient_accumulation", GradientAccumulationOptions())


def scenario(*mix, seed=0):
    return Scenario.model_validate(
        {
            "model": {"source": "timm", "name": "x"},
            "dataset": {"name": "digits", "batch_size": 4},
            "techniques": mix,
            "seed": seed,
        }
    )


@pytest.mark.parametrize(
    ("mix", "names"),
    [
        ((), ["baseline"]),
        ((AMP,), ["baseline", "amp"]),
        ((ACCUMULATION, AMP), ["baseline", "gradient_accumulation", "amp", "all"]),
    ],
)
def test_baseline_each_alone_and_all(mix, names):
    variants = plan(scenario(*mix)).variants
    assert [variant.name for variant in variants] == names
    assert variants[0].techniques == ()
    assert variants[-1].techniques == mix


seeds = st.integers(0, 2**32 - 1)
counts = st.integers(1, 6)


def make_plan(count, seed):
    return Plan(tuple(Variant(str(i), ()) for i in range(count)), seed)


@given(counts, seeds)
def test_each_round_holds_every_variant_once(count, seed):
    made = make_plan(count, seed)
    for order in islice(made.rounds(), 10):
        assert Counter(order) == Counter(made.variants)


@given(counts, seeds)
def test_the_same_seed_gives_the_same_order(count, seed):
    first, second = make_plan(count, seed), make_plan(count, seed)
    assert list(islice(first.rounds(), 10)) == list(islice(second.rounds(), 10))


def test_no_variant_owns_a_place():
    firsts = Counter(order[0].name for order in islice(make_plan(3, 0).rounds(), 600))
    assert all(150 < count < 250 for count in firsts.values())


def test_neither_order_nor_global_randomness_depend_on_each_other():
    import random

    random.seed(7)
    before = random.random()
    random.seed(7)
    next(plan(scenario(AMP, seed=3)).rounds())
    assert random.random() == before

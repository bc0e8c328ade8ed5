"""Variants and the order of rounds."""

from collections import Counter
from itertools import combinations, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.errors import UserError
from annt_prof.plan import Plan, Variant, plan, plan_pair
from annt_prof.scenario.pair import changed, compare
from annt_prof.scenario.schema import ChosenTechnique, Scenario
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.dataloader_workers import DataloaderWorkersOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions

AMP = ChosenTechnique("amp", AmpOptions())
ACCUMULATION = ChosenTechnique("gradient_accumulation", GradientAccumulationOptions())
PINNED = ChosenTechnique("pin_memory", PinMemoryOptions())


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


MIX = tuple(ChosenTechnique(name, AmpOptions()) for name in "abcd")


def names(mix, **choices):
    return [
        variant.name for variant in plan(designed(mix, choices.pop("design")), **choices).variants
    ]


def designed(mix, design):
    return scenario(*mix).model_copy(update={"design": design})


def test_a_factorial_has_every_set():
    assert names(MIX[:3], design="factorial") == [
        "baseline", "a", "b", "c", "all-c", "all-b", "all-a", "all",
    ]  # fmt: skip
    sets = [{c.name for c in v.techniques} for v in plan(designed(MIX, "factorial")).variants]
    assert len(sets) == len({frozenset(chosen) for chosen in sets}) == 16


def test_leaving_one_out():
    assert names(MIX, design="leave-one-out")[5:] == ["all-d", "all-c", "all-b", "all-a", "all"]


def test_sampled_orders_come_with_their_reverse_and_all_their_beginnings():
    made = plan(designed(MIX, "sampled"))
    assert len(made.orders) == 4
    assert all(order[::-1] in made.orders for order in made.orders)
    sets = {frozenset(c.name for c in v.techniques) for v in made.variants}
    for order in made.orders:
        assert sorted(order) == list("abcd")
        assert all(frozenset(order[:n]) in sets for n in range(5))


@pytest.mark.parametrize(
    ("accelerated", "count", "expected"),
    [(True, 3, "factorial"), (True, 4, "alone"), (False, 3, "alone")],
)
def test_the_design_by_default(accelerated, count, expected):
    assert plan(designed(MIX[:count], "auto"), accelerated=accelerated).design == expected


def test_a_factorial_without_end_is_refused():
    mix = tuple(ChosenTechnique(name, AmpOptions()) for name in "abcdefg")
    with pytest.raises(UserError, match="128 variants"):
        plan(designed(mix, "factorial"))


def test_what_cannot_act_is_in_no_set_but_its_own_and_the_whole():
    planned = names(MIX[:3], design="factorial", inapplicable={"b"})
    assert planned == ["baseline", "a", "b", "c", "all"]


def test_the_baseline_again():
    made = plan(designed(MIX[:1], "alone"), again=True)
    assert [v.name for v in made.variants] == ["baseline", "a", "baseline_again"]
    assert made.variants[-1].techniques == ()


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


@given(counts, seeds)
def test_of_any_two_variants_each_is_the_earlier_one_as_often(count, seed):
    """What the first window of a round takes longer would else be a difference between variants."""
    rounds = [[v.name for v in order] for order in islice(make_plan(count, seed).rounds(), 10)]
    for one, other in combinations([str(i) for i in range(count)], 2):
        earlier = [order.index(one) < order.index(other) for order in rounds]
        assert all(a != b for a, b in zip(earlier[::2], earlier[1::2], strict=True))


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


def pair_of(first, second):
    base = {
        "model": {"source": "timm", "name": "x"},
        "dataset": {"name": "digits", "batch_size": 4, "pin_memory": True},
    }
    return compare(*(Scenario.model_validate(base | each) for each in (first, second)))


def test_every_difference_of_two_scenarios_is_a_factor():
    clipping = {"clipping": {"kind": "value", "limit": 0.01}}
    pair = pair_of(
        {"optimizer": clipping, "techniques": (), "seed": 1},
        {"techniques": (AMP, ACCUMULATION), "seed": 1, "window": {"rounds": 7}},
    )
    assert [each.name for each in pair.differences] == [
        "amp", "gradient_accumulation", "optimizer.clipping",
    ]  # fmt: skip
    assert pair.differences[2].sentence == "optimizer.clipping: kind: value, limit: 0.01 -> none"
    assert "dataset.pin_memory: true" in pair.same
    assert not any(text.startswith("optimizer.clipping") for text in pair.same)
    made = plan_pair(pair)
    assert [v.name for v in made.variants] == [
        "baseline", "amp", "gradient_accumulation", "optimizer.clipping",
        "all-optimizer.clipping", "all-gradient_accumulation", "all-amp", "all",
    ]  # fmt: skip
    last = made.variants[-1]
    assert last.factor_names == ("amp", "gradient_accumulation", "optimizer.clipping")
    assert [chosen.name for chosen in last.techniques] == ["amp", "gradient_accumulation"]
    assert changed(pair.first, made.variants[0].changes).optimizer.clipping is not None
    assert changed(pair.first, last.changes).optimizer.clipping is None
    assert changed(pair.first, last.changes).dataset == pair.first.dataset


def test_a_technique_that_both_have_is_in_every_variant():
    more = ChosenTechnique("gradient_accumulation", GradientAccumulationOptions(steps=4))
    pair = pair_of({"techniques": (AMP, ACCUMULATION)}, {"techniques": (AMP, more)})
    made = plan_pair(pair)
    assert pair.shared == (AMP,)
    assert [v.techniques for v in made.variants] == [(AMP, ACCUMULATION), (AMP, more)]
    assert [v.factor_names for v in made.variants] == [(), ("gradient_accumulation",)]


def test_scenarios_that_do_not_differ_are_no_question():
    with pytest.raises(UserError, match="do not differ"):
        pair_of({"techniques": (AMP,)}, {"techniques": (AMP,), "window": {"rounds": 9}})


def test_many_differences_are_sampled():
    second = {"optimizer": {"lr": 0.5, "weight_decay": 0.1, "momentum": 0.5}, "seed": 3}
    pair = pair_of({"techniques": ()}, second | {"techniques": (AMP,)})
    made = plan_pair(pair)
    assert len(pair.differences) == 5
    assert made.design == "sampled"
    assert all(sorted(order) == sorted(d.name for d in pair.differences) for order in made.orders)


def factors(first, second):
    return [each.name for each in pair_of(first, second).differences]


def test_settings_that_mean_nothing_apart_are_one_factor():
    nesterov = {"name": "sgd", "momentum": 0.9, "nesterov": True}
    assert factors({}, {"optimizer": nesterov}) == ["optimizer"]
    assert factors({}, {"optimizer": {"name": "sgd", "momentum": 0.9}}) == ["optimizer.momentum"]
    assert factors({"optimizer": nesterov}, {"optimizer": {"name": "adamw", "lr": 0.5}}) == [
        "optimizer", "optimizer.lr",
    ]  # fmt: skip
    vit = {"source": "torchvision", "name": "vit_b_16", "arguments": {"num_layers": 2}}
    assert factors({}, {"model": vit}) == ["model"]
    assert factors({}, {"model": {"source": "timm", "name": "y"}}) == ["model.name"]
    wider = {"source": "timm", "name": "x", "arguments": {"width": 24}}
    assert factors({}, {"model": wider}) == ["model.arguments"]
    decaying = {"name": "exponential", "gamma": 0.9}
    assert factors({}, {"schedule": decaying}) == ["schedule"]


def test_joined_settings_come_in_together_in_every_variant():
    adamw = {"optimizer": {"name": "adamw", "weight_decay": 0.1}}
    pair = pair_of({"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}}, adamw)
    assert pair.differences[0].sentence == (
        "optimizer: name: sgd -> adamw; momentum: 0.9 -> 0.0; nesterov: true -> false"
    )
    for variant in plan_pair(pair).variants:
        optimizer = changed(pair.first, variant.changes).optimizer
        assert optimizer.nesterov == (optimizer.name == "sgd") == (optimizer.momentum > 0)


def test_differences_read_as_in_a_scenario():
    wide = {"source": "timm", "name": "x", "arguments": {"width": 16}}
    more = ChosenTechnique("gradient_accumulation", GradientAccumulationOptions(steps=4))
    pair = pair_of(
        {"model": wide, "techniques": (ACCUMULATION,)},
        {"techniques": (more,), "dataset": {"name": "digits", "batch_size": 4}},
    )
    assert [each.sentence for each in pair.differences] == [
        "gradient_accumulation: on, steps: 2 -> on, steps: 4",
        "model.arguments: width: 16 -> none",
        "dataset.pin_memory: true -> false",
    ]


def test_what_a_technique_sets_is_not_said_to_be_the_same():
    workers = ChosenTechnique("dataloader_workers", DataloaderWorkersOptions())
    pair = pair_of({"techniques": (workers,)}, {"techniques": (PINNED,)})
    said = {text.partition(":")[0] for text in pair.same}
    assert not said & {"dataset.workers", "dataset.pin_memory", "dataset.non_blocking"}
    assert "dataset.batch_size" in said


def test_the_window_of_the_first_serves_both_and_that_is_said():
    longer = {"window": {"iterations": 8, "time_budget_s": 30}}
    other = pair_of({}, {"techniques": (AMP,)} | longer).same[-1]
    assert other == "window: the first scenario's; the second's own is not used (iterations: 8)"
    budget = {"window": {"time_budget_s": 30}}
    assert not any("window" in text for text in pair_of({}, {"seed": 1} | budget).same)

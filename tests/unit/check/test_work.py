"""What a variant trains, and what of a record is no part of it."""

import msgspec
import pytest

from annt_prof.check.work import Work, differences, work_of
from annt_prof.runs.record import TechniqueInEffect
from annt_prof.scenario.effective import EffectiveValue
from hand_made import SCENARIO, SUBSTITUTIONS, run, variant

AMP = TechniqueInEffect("amp", {"dtype": "bfloat16", "allowed": True})


def work(*, values=(), techniques=(AMP,), **changes) -> Work:
    amp = variant("amp", [1.0], techniques=techniques)
    kept = tuple(v for v in SCENARIO if v.path not in {given for given, _ in values})
    new = tuple(EffectiveValue(path, value, "--set") for path, value in values)
    return work_of(run(amp, scenario=(*kept, *new), **changes), amp)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("dataset.batch_size", 16, ("dataset.batch_size: 8 -> 16",)),
        ("model.arguments.depth", [1, 2], ("model.arguments.depth: not set -> [1, 2]",)),
        ("optimizer.lr", 0.2, ("optimizer.lr: not set -> 0.2",)),
        ("seed", 3, ("seed: not set -> 3",)),
        ("name", "another", ()),
        ("description", "new words", ()),
        ("window.precision", 0.5, ()),
        ("budgets.step_time.max", "42 ms", ()),
        ("design", "factorial", ()),
        ("techniques.tf32.allowed", True, ()),  # that of another variant
    ],
)
def test_a_setting_counts_where_it_is_of_the_training(path, value, said):
    before, after = work(), work(values=((path, value),))
    assert differences(before, after) == said
    assert (before.digest == after.digest) is (not said)


@pytest.mark.parametrize(
    ("techniques", "said"),
    [
        ((), (
            "techniques.amp.dtype: bfloat16 -> not set",
            "techniques.amp.allowed: true -> not set",
            "techniques: amp -> none",
        )),
        (
            (TechniqueInEffect("amp", {"dtype": "float16", "allowed": True}),),
            ("techniques.amp.dtype: bfloat16 -> float16",),
        ),
        ((AMP, TechniqueInEffect("pin_memory")), ("techniques: amp -> amp, pin_memory",)),
    ],
)  # fmt: skip
def test_techniques_count_with_their_options(techniques, said):
    before, after = work(), work(techniques=techniques)
    assert differences(before, after) == said
    assert before.digest != after.digest


def test_the_order_of_techniques_counts():
    other = TechniqueInEffect("compile")
    before, after = work(techniques=(AMP, other)), work(techniques=(other, AMP))
    assert differences(before, after) == ("techniques: amp, compile -> compile, amp",)
    assert before.digest != after.digest


def test_data_that_stands_in_counts_and_weights_do_not():
    before, after = work(), work(substitutions=SUBSTITUTIONS)
    assert differences(before, after) == ("stand-ins: none -> data of cifar10",)
    assert after.digest == work(substitutions=SUBSTITUTIONS[:1]).digest


def test_of_two_scenarios_what_is_brought_in_counts():
    told = ("amp: off -> on", "dataset.workers: 0 -> 2")
    one = variant("dataset.workers", [1.0], techniques=())
    other = variant("both", [1.0], techniques=(), factors=("dataset.workers", "x"))
    both = run(one, other, differences=told, design="factorial")
    before, after = (work_of(both, each) for each in (one, other))
    assert differences(before, after) == (
        "brought in from it: dataset.workers -> dataset.workers, x",
    )


def test_beside_a_reference_the_scenario_is_what_it_is_alone():
    checked = variant("worktree", [1.0], techniques=(AMP,))
    reference = variant("baseline", [1.0], techniques=())
    said = "of main -> here"
    beside = run(reference, checked, differences=(f"worktree: {said}",), reference=said)
    assert work_of(beside, checked) == work()
    assert work_of(beside, reference) != work_of(run(reference), reference)


def test_it_is_the_same_from_a_file():
    fresh = work(values=(("dataset.augmentation", ("horizontal_flip",)),))
    again = msgspec.json.decode(msgspec.json.encode(fresh), type=Work)
    assert again == fresh
    assert again.digest == fresh.digest

"""Which runs are of one series, and what tells series apart."""

import msgspec
import pytest

from annt_prof.runs.record import Run, TechniqueInEffect
from annt_prof.runs.series import series_key, telling_apart, unlike_conditions
from annt_prof.scenario.effective import EffectiveValue
from hand_made import CPU, GPU, SCENARIO, SUBSTITUTIONS, run, variant


def _run(**changes: object) -> Run:
    return run(variant("baseline", [10.0]), variant("amp", [5.0]), **changes)


def _with(path: str, value: object) -> tuple[EffectiveValue, ...]:
    others = tuple(each for each in SCENARIO if each.path != path)
    return (*others, EffectiveValue(path, value, "--set"))


def _same(first: Run, second: Run, place: int = 0) -> bool:
    return series_key(first, first.variants[place]) == series_key(second, second.variants[place])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "other"),
        ("description", "other"),
        ("window.precision", 0.5),
        ("window.iterations", 3),
        ("budgets.step_time.max", 4),
        ("budgets", []),
        ("techniques.sdpa", {}),
        ("techniques", {}),
        ("design", "factorial"),
        ("seed", 7),
    ],
)
def test_how_and_what_else_is_measured_is_no_other_work(path: str, value: object) -> None:
    assert _same(_run(), _run(scenario=_with(path, value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [("dataset.batch_size", 9), ("model.name", "x"), ("windows", 1), ("optimizer.name", "adam")],
)
def test_another_setting_is_another_work(path: str, value: object) -> None:
    assert not _same(_run(), _run(scenario=_with(path, value)))


def test_the_techniques_of_the_variant_alone_count() -> None:
    options = (TechniqueInEffect("amp", {"dtype": "float16"}),)
    other = run(variant("baseline", [10.0]), variant("amp", [5.0], techniques=options))
    assert _same(_run(), other)
    assert not _same(_run(), other, 1)


@pytest.mark.parametrize(
    "changes",
    [{"samples_per_iteration": 16}, {"iterations_per_optimizer_step": 2}],
)
def test_what_a_step_is_counts(changes: dict[str, object]) -> None:
    assert not _same(_run(), run(variant("baseline", [10.0], **changes)))


def test_stand_in_data_are_another_work() -> None:
    assert not _same(_run(), _run(substitutions=SUBSTITUTIONS))


@pytest.mark.parametrize(
    "changes",
    [
        {"device_name": "x"}, {"cpu_name": "x"}, {"num_cores": 9}, {"threads": 9}, {"driver": "x"},
        {"num_devices": 9}, {"packages": {**CPU.packages, "torch": "x"}},
    ],
)  # fmt: skip
def test_another_machine_or_torch_is_another_series(changes: dict[str, object]) -> None:
    assert not _same(_run(), _run(environment=msgspec.structs.replace(CPU, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"operating_system": "x"},
        {"memory_bytes": 1},
        {"packages": {**CPU.packages, "numpy": "x", "annt-prof": "9"}},
    ],
)
def test_updates_beside_torch_are_of_the_same_series(changes: dict[str, object]) -> None:
    assert _same(_run(), _run(environment=msgspec.structs.replace(CPU, **changes)))


def test_series_are_told_apart_by_what_differs() -> None:
    runs = (_run(), _run(scenario=_with("dataset.workers", 4)), _run(environment=GPU))
    keys = [series_key(each, each.variants[0]) for each in runs]
    first, second, third = (dict(facts) for facts in telling_apart(keys))
    assert (first["dataset.workers"], second["dataset.workers"]) == ("0", "4")
    assert third["driver"] == "570.124.06"
    assert "torch" not in first
    assert telling_apart(keys[:1]) == ((),)


def test_figures_are_unlike_by_machine_and_data_alone() -> None:
    assert unlike_conditions(_run(), _run(scenario=_with("dataset.workers", 4))) == ()
    assert unlike_conditions(_run(), _run(scenario=_with("dataset.name", "x"))) == ("data set",)
    assert "device" in unlike_conditions(_run(), _run(environment=GPU))


def test_what_is_checked_beside_a_reference_is_of_the_series_of_its_scenario() -> None:
    alone = run(variant("baseline", [10.0]), variant("all", [5.0], factors=("amp", "tf32")))
    changes = {"differences": ("worktree: main (1a2b3c4) -> the present files",)}
    own = variant("worktree", [5.0], techniques=alone.variants[1].techniques)
    beside = run(variant("baseline", [6.0]), own, **changes, reference="main (1a2b3c4)")
    assert _same(alone, beside, 1)
    assert not _same(alone, run(*beside.variants, **changes), 1)

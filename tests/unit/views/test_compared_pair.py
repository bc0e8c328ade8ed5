"""Which two variants are compared at first, and how two differ by their settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.record import Run, TechniqueInEffect
from annt_prof.scenario.effective import EffectiveValue
from annt_prof.views.pair import Pair, Side, first_choice
from annt_prof.views.screens.source import RunSource
from annt_prof.views.surroundings import (
    Differing,
    of_machines,
    of_requests,
    of_scenarios,
    of_variants,
)
from hand_made import CPU, GPU, SUBSTITUTIONS, drifting, lost, run, variant


def _source(folder: Path, record: Run) -> RunSource:
    folder.mkdir(exist_ok=True)
    store.write(folder, record)
    return RunSource(folder)


def _made(*times: tuple[str, float]) -> Run:
    return run(
        *(
            variant(name, drifting(ms, 6, noise=0.002, seed=seed))
            for seed, (name, ms) in enumerate(times)
        )
    )


def _names(pair: Pair) -> tuple[str, str]:
    return pair.first.name, pair.second.name


def test_the_baseline_against_the_recommended_one(tmp_path: Path) -> None:
    record = _made(("baseline", 20.0), ("amp", 10.0), ("sdpa", 15.0))
    assert _names(first_choice(_source(tmp_path, record))) == ("baseline", "amp")


def test_the_baseline_against_the_last_one_where_none_is_faster(tmp_path: Path) -> None:
    record = _made(("baseline", 20.0), ("amp", 24.0), ("sdpa", 25.0), ("baseline_again", 20.0))
    assert _names(first_choice(_source(tmp_path, record))) == ("baseline", "sdpa")


def test_without_a_baseline_the_first_two(tmp_path: Path) -> None:
    record = _made(("amp", 24.0), ("sdpa", 25.0))
    assert _names(first_choice(_source(tmp_path, record))) == ("amp", "sdpa")


@pytest.mark.parametrize("others", [(), (lost("amp", "crashed", "killed"),)])
def test_one_alone_is_nothing_to_compare(tmp_path: Path, others: tuple) -> None:
    record = run(variant("baseline", drifting(20.0, 6, noise=0.002, seed=1)), *others)
    with pytest.raises(UserError, match="fewer than two variants"):
        first_choice(_source(tmp_path, record))


def test_two_sources_of_one_directory_are_one_run(tmp_path: Path) -> None:
    record = _made(("baseline", 20.0), ("amp", 10.0))
    here, again = _source(tmp_path / "a", record), RunSource(tmp_path / "a" / ".." / "a")
    there = _source(tmp_path / "b", record)
    assert Pair(Side(here, "baseline"), Side(again, "amp")).of_one_run
    pair = Pair(Side(here, "baseline"), Side(there, "amp"))
    assert not pair.of_one_run
    assert pair.swapped == Pair(pair.second, pair.first)


def test_a_variant_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no variant none"):
        _ = Side(_source(tmp_path, _made(("baseline", 20.0))), "none").variant


def test_machines_differ_by_what_was_recorded_of_them() -> None:
    assert of_machines(CPU, CPU) == ()
    found = {each.what: (each.first, each.second) for each in of_machines(CPU, GPU)}
    assert found["device"] == ("cpu: AMD EPYC 7B13", "cuda: NVIDIA H100 80GB HBM3")
    assert found["memory"] == ("8.00 GiB", "220.00 GiB")
    assert found["driver"] == ("-", "570.124.06")
    assert found["python"] == ("3.11.9", "3.12.3")
    assert found["torchvision"] == ("0.30.0", "-")
    assert "torch" not in found  # the same in both
    assert "operating system" not in found


def test_scenarios_differ_by_their_effective_values() -> None:
    first = run(scenario=(EffectiveValue("seed", 0, "default"), EffectiveValue("a.b", [1], "x")))
    second = run(scenario=(EffectiveValue("seed", 1, "x"), EffectiveValue("c", None, "x")))
    assert of_scenarios(first, second) == (
        Differing("seed", "0", "1"),
        Differing("a.b", "[1]", "-"),
        Differing("c", "-", "null"),
    )
    assert of_scenarios(first, first) == ()


def test_what_one_run_alone_replaced_is_told() -> None:
    first, second = run(substitutions=SUBSTITUTIONS), run(substitutions=SUBSTITUTIONS[1:])
    (differing,) = of_requests(first, second)
    assert "cifar10" in differing.first
    assert differing.second == "-"
    assert of_requests(second, first)[0].second == differing.first


def test_variants_differ_by_techniques_options_and_batches() -> None:
    plain = variant("baseline", [1.0])
    amp = msgspec.structs.replace(
        variant("amp", [1.0]),
        techniques=(TechniqueInEffect("amp", {"dtype": "bfloat16", "steps": 2}),),
        samples_per_iteration=16,
    )
    assert of_variants(plain, amp) == (
        Differing("samples per iteration", "8", "16"),
        Differing("amp", "off", "on, dtype: bfloat16, steps: 2"),
    )

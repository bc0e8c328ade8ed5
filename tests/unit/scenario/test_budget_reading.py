"""Budgets as a scenario and a file of their own have them."""

import pickle

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.scenario.budget_file import load_budgets
from annt_prof.scenario.budget_keys import PITFALLS
from annt_prof.scenario.budget_metrics import METRICS
from annt_prof.scenario.budgets import (
    Against,
    AgainstKind,
    Budget,
    Budgets,
    LimitKind,
    NamedMachine,
)
from annt_prof.scenario.pair import compare
from annt_prof.scenario.validation import allowed_keys

BASELINE = Against(AgainstKind.BASELINE)
GIB = 1024**3

TEXT = """\
budgets:
  on: {device: NVIDIA H100, cores: 16, power_limit_w: 700, torch: "2.10", driver: 550}
  step_time:
    - {max: 42  ms}
    - {max_ratio: 0.60, to: variant:baseline, variant: amp}
  throughput: {min_ratio: 97 %, to: baseline}
  data_loading: {max_share: 5 %, floor: 1 ms}
  kernels.gemm: {max: 3.5 ms}
  peak_memory: {max: 12 GiB, variant: amp}
  energy_per_sample: {max_ratio: 1.05, to: reference}
  tensor_core_share: {min: 60 %}
  mfu: {min: 0.35}
  skipped_steps: {max: 0}
  no_pitfalls: [item_every_iteration, anomaly_detection_left_on]
  copies_in_passes: {max: 0, variant: amp}
"""


def budget(metric, kind, limit, text, place, *path, **rest):
    return Budget(metric, kind, limit, text, path=("budgets", *path), place=place, **rest)


def limits(file):
    return (
        budget(
            "step_time", LimitKind.MAX, 42e6, "42 ms", f"{file}:4:8", "step_time", 0, "max"
        ),
        budget(
            "step_time", LimitKind.MAX_RATIO, 0.6, "0.6", f"{file}:5:8",
            "step_time", 1, "max_ratio",
            to=Against(AgainstKind.VARIANT, "baseline"), variant="amp",
        ),
        budget(
            "throughput", LimitKind.MIN_RATIO, 0.97, "97 %", f"{file}:6:16",
            "throughput", "min_ratio", to=BASELINE,
        ),
        budget(
            "data_loading", LimitKind.MAX_SHARE, 0.05, "5 %", f"{file}:7:18",
            "data_loading", "max_share", floor_ns=1_000_000,
        ),
        budget(
            "kernels.gemm", LimitKind.MAX, 3.5e6, "3.5 ms", f"{file}:8:18", "kernels.gemm", "max"
        ),
        budget(
            "peak_memory", LimitKind.MAX, 12 * GIB, "12 GiB", f"{file}:9:17",
            "peak_memory", "max", variant="amp",
        ),
        budget(
            "energy_per_sample", LimitKind.MAX_RATIO, 1.05, "1.05", f"{file}:10:23",
            "energy_per_sample", "max_ratio", to=Against(AgainstKind.REFERENCE),
        ),
        budget(
            "tensor_core_share", LimitKind.MIN, 0.6, "60 %", f"{file}:11:23",
            "tensor_core_share", "min",
        ),
        budget("mfu", LimitKind.MIN, 0.35, "0.35", f"{file}:12:9", "mfu", "min"),
        budget("skipped_steps", LimitKind.MAX, 0, "0", f"{file}:13:19", "skipped_steps", "max"),
        budget(
            "no_pitfalls", LimitKind.NONE_OF, 0, "item_every_iteration, anomaly_detection_left_on",
            f"{file}:14:3", "no_pitfalls",
            pitfalls=("item_every_iteration", "anomaly_detection_left_on"),
        ),
        budget(
            "no_pitfalls", LimitKind.NONE_OF, 0, "copies_in_passes", f"{file}:15:22",
            "copies_in_passes", "max", pitfalls=("copies_in_passes",), variant="amp",
        ),
    )  # fmt: skip


MACHINE = NamedMachine(
    device="NVIDIA H100", cores=16, power_limit_w=700, torch="2.10", driver="550"
)


def moved(given, lines):
    """Return budgets as if their file began so many lines later."""
    for each in given:
        file, line, column = each.place.split(":")
        place = f"{file}:{int(line) + lines}:{column}"
        yield msgspec.structs.replace(each, place=place)


def test_a_file_of_its_own(write):
    budgets = load_budgets(write(TEXT + "description: In CI.\n", "ci.yaml"))
    assert budgets == Budgets(limits("ci.yaml"), MACHINE)
    assert msgspec.json.decode(msgspec.json.encode(budgets), type=Budgets) == budgets


def test_a_scenario_has_the_same(load_text, minimal):
    document = load_text(minimal + TEXT)
    for accelerator in (True, False):
        scenario = document.resolve(accelerator).scenario
        assert scenario.budgets.on == MACHINE
        assert scenario.budgets.limits == tuple(moved(limits("scenario.yaml"), 2))
    assert pickle.loads(pickle.dumps(scenario)) == scenario


@pytest.mark.parametrize("text", ["", "budgets:\n", "budgets: {}\n"])
def test_a_scenario_may_have_none(load_text, minimal, text):
    assert load_text(minimal + text).resolve(True).scenario.budgets == Budgets()


def test_runs_know_nothing_of_budgets(load_text, minimal):
    other = "when: {no_accelerator: {budgets: {step_time: {max: 1 s}}}}\n"
    with_budgets = load_text(minimal + TEXT + other)
    without = load_text(minimal)
    for accelerator in (True, False):
        resolved = with_budgets.resolve(accelerator)
        assert resolved.values == without.resolve(accelerator).values
        assert resolved.overrides_in_effect == ()
    first, second = (d.resolve(True).scenario for d in (with_budgets, without))
    with pytest.raises(UserError, match="do not differ in anything that is measured"):
        compare(first, second)


@pytest.mark.parametrize("metric", METRICS.values())
def test_every_metric_takes_its_kinds_of_limits(write, metric):
    limit = {"time": "1 ms", "rate": "1 samples/s", "memory": "1 B", "energy": "1 J"}
    least = limit.get(metric.dimension, 1)
    given = [f"{{max: {least}}}", f"{{min: {least}}}"]
    if metric.dimension != "count":
        given += ["{max_ratio: 2, to: baseline}", "{min_ratio: 0.5, to: baseline}"]
    if metric.of_step:
        given.append("{max_share: 0.5}")
    path = write(f"budgets: {{{metric.name}: [{', '.join(given)}]}}")
    assert {each.metric for each in load_budgets(path).limits} == {metric.name}
    assert len(load_budgets(path).limits) == len(given)


def test_all_pitfalls(write):
    (only,) = load_budgets(write("budgets: {no_pitfalls: all}")).limits
    assert (only.kind, only.pitfalls, only.text) == (LimitKind.NONE_OF, (), "all")


OVERLAY = """\
budgets:
  on: {device: NVIDIA H100}
  step_time: {max: 42 ms}
  mfu: {min: 35 %}
  sync: {max: 1 ms}
when:
  no_accelerator:
    budgets:
      step_time: {max_ratio: 1.05, to: baseline}
      mfu:
      on: {cpu: EPYC}
      forward: {max: 90 ms}
"""


def test_an_overlay_replaces_each_metric_as_a_whole(load_text, minimal):
    document = load_text(minimal + OVERLAY)
    on, off = (document.resolve(accelerator).scenario.budgets for accelerator in (True, False))
    assert [each.metric for each in on.limits] == ["step_time", "mfu", "sync"]
    assert on.on == NamedMachine(device="NVIDIA H100")
    assert off.on == NamedMachine(cpu="EPYC")
    assert [(each.metric, each.kind, each.place) for each in off.limits] == [
        ("step_time", LimitKind.MAX_RATIO, "scenario.yaml:11:19"),
        ("sync", LimitKind.MAX, "scenario.yaml:7:10"),
        ("forward", LimitKind.MAX, "scenario.yaml:14:17"),
    ]
    assert off.limits[0].path == ("when", "no_accelerator", "budgets", "step_time", "max_ratio")
    assert off.limits[1].path == ("budgets", "sync", "max")


def test_an_overlay_may_take_all_away(load_text, minimal):
    document = load_text(minimal + TEXT + "when: {no_accelerator: {budgets: null}}\n")
    assert document.resolve(False).scenario.budgets == Budgets()
    assert document.resolve(True).scenario.budgets.limits


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("budgets.step_time.max=50 ms", {"step_time": 50e6, "sync": 1e6, "mfu": 0.35}),
        ("budgets.step_time={min: 3 ms}", {"step_time": 3e6, "sync": 1e6, "mfu": 0.35}),
        ("budgets.sync=null", {"step_time": 42e6, "mfu": 0.35}),
        ("budgets={sync: {max: 2 ms}}", {"sync": 2e6}),
        (
            "budgets.kernels.gemm.max=2 ms",
            {"step_time": 42e6, "sync": 1e6, "mfu": 0.35, "kernels.gemm": 2e6},
        ),
    ],
)
def test_overrides(load_text, minimal, override, expected):
    budgets = load_text(minimal + OVERLAY, override).resolve(True).scenario.budgets
    assert {each.metric: each.limit for each in budgets.limits} == expected


def test_what_comes_from_no_file_has_no_place(load_text, minimal):
    document = load_text(minimal + OVERLAY, "budgets.step_time.max=50 ms")
    first, second, _ = document.resolve(True).scenario.budgets.limits
    assert (first.place, first.path) == (None, ("budgets", "step_time", "max"))
    assert second.place == "scenario.yaml:6:9"


def test_the_file_is_named_as_it_was_given(write, tmp_path):
    (tmp_path / "ci").mkdir()
    path = write("budgets: {step_time: {max: 1 ms}}", "ci/budgets.yaml")
    assert load_budgets(path).limits[0].place == "ci/budgets.yaml:1:23"


def test_an_anchor_serves_to_say_things_once(write):
    text = "budgets: {forward: &most {max: 1 ms}, backward: *most}"
    assert [each.place for each in load_budgets(write(text)).limits] == 2 * ["scenario.yaml:1:27"]


def test_keys_beneath_budgets():
    assert set(allowed_keys(("budgets",))) == {"on", "no_pitfalls", *METRICS, *PITFALLS}
    assert allowed_keys(("budgets", "on"))[0] == "device"
    assert allowed_keys(("budgets", "mfu")) == (
        "max", "min", "max_ratio", "min_ratio", "to", "variant",
    )  # fmt: skip
    assert allowed_keys(("budgets", "sync", 1))[-2:] == ("variant", "floor")
    assert allowed_keys(("budgets", "skipped_steps")) == ("max", "min", "variant")
    assert allowed_keys(("budgets", "item_every_iteration")) == ("max", "variant")
    assert allowed_keys(("budgets", "no_pitfalls")) == ()
    assert allowed_keys(("budgets", "sync", "max")) == ()

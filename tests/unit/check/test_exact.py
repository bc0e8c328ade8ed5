"""Mistakes that a budget forbids: found, absent, or never looked for, which is not absent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from annt_prof.analysis.tables.pitfalls import TOLD_BY_TRACES
from annt_prof.check import exact
from annt_prof.check.result import Outcome, Reason
from annt_prof.mistakes import MistakeKey
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import TechniqueInEffect
from annt_prof.scenario.budgets import LimitKind
from annt_prof.techniques import registry
from hand_made import GPU, breakdown, run, variant
from hand_made_checks import limit

ITEM = "item_every_iteration"
SCALER = "float16_without_scaler"
WAITS = Remark(Source.TRACE, "a tensor is read", key=ITEM)


def told(keys=(), *, environment=GPU, **changes):
    changes = {"breakdown": breakdown(10.0, forward=0.5)} | changes
    one = variant("amp", [10.0] * 5, techniques=(TechniqueInEffect("amp"),))
    one = replace(one, **changes)
    budget = limit("no_pitfalls", 0, LimitKind.NONE_OF, pitfalls=tuple(keys))
    return exact.pitfalls(run(one, environment=environment), one, budget)


@pytest.mark.parametrize("keys", [(), (ITEM,), (ITEM, SCALER)])
def test_what_is_found_fails(keys):
    outcome, count, reason, detail = told(keys, remarks=(WAITS, Remark(Source.RUN, "slow")))
    assert (outcome, count.value, reason, detail) == (Outcome.FAIL, 1, None, WAITS.sentence)


def test_what_is_found_and_not_forbidden_does_not():
    outcome, count, _, _ = told((SCALER,), remarks=(WAITS,))
    assert (outcome, count.value) == (Outcome.PASS, 0)


@pytest.mark.parametrize("keys", [(), (ITEM,), (SCALER,)])
def test_what_was_looked_for_in_vain_passes(keys):
    assert told(keys)[0] is Outcome.PASS
    assert told(keys)[3] is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"environment": None}, "without an accelerator no trace shows waits for one"),
        ({"breakdown": None}, "it was not traced"),
        (
            {"breakdown": replace(breakdown(10.0, forward=0.5), num_steps=1)},
            "one traced step shows no habit",
        ),
    ],
)
def test_without_a_trace_that_shows_habits_what_traces_tell_is_not_held(changes, why):
    if "environment" in changes:
        changes = {"environment": run().environment}
    outcome, count, reason, detail = told((ITEM,), **changes)
    assert (outcome, count, reason) == (Outcome.SKIPPED, None, Reason.NOT_MEASURED)
    assert detail == f"not looked for: {ITEM}: {why}"
    outcome, _, _, detail = told((ITEM, SCALER), **changes)
    assert (outcome, detail) == (Outcome.PASS, f"not looked for: {ITEM}: {why}")


@pytest.mark.parametrize(
    "key",
    ["anomaly_detection_left_on", "too_few_loader_processes", "batch_norm_under_checkpointing"],
)
def test_what_no_technique_that_is_on_checks_for_is_not_held(key):
    """Some are found by ``inspect`` alone, others by a technique that this variant lacks."""
    outcome, _, reason, detail = told((key,))
    assert (outcome, reason) == (Outcome.SKIPPED, Reason.NOT_MEASURED)
    assert detail == f"not looked for: {key}: no technique that is on checks for it"


def test_nothing_that_is_looked_for_is_nothing_checked():
    """On a CPU, without techniques, even of all mistakes none is looked for."""
    outcome, _, reason, _ = told(environment=run().environment, techniques=())
    assert (outcome, reason) == (Outcome.SKIPPED, Reason.NOT_MEASURED)


def test_of_a_technique_that_is_not_installed_nothing_is_known():
    assert told((SCALER,), techniques=(TechniqueInEffect("gone"),))[0] is Outcome.SKIPPED


def test_a_run_finds_every_mistake_but_those_of_scripts():
    every = tuple(TechniqueInEffect(name) for name in registry.names())
    looked_for = exact._of_techniques(variant("all", [], techniques=every)) | TOLD_BY_TRACES
    assert set(MistakeKey) - looked_for == {
        MistakeKey.ANOMALY_DETECTION_LEFT_ON,
        MistakeKey.CHANNELS_LAST_INPUTS_ALONE,
        MistakeKey.CLIPPING_BEFORE_UNSCALE,
        MistakeKey.COMPILE_FALLS_BACK,
        MistakeKey.SCALER_NEVER_UPDATED,
        MistakeKey.TOO_FEW_LOADER_PROCESSES,
    }

"""What the traced step lacks may be of what a technique shortens: by how much bounds move."""

import dataclasses
import sys
import types
from importlib.metadata import EntryPoint

import pytest

from annt_prof.categories import Category
from annt_prof.explain.advice import advise
from annt_prof.explain.prediction import NoBounds, predict
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.technique import Signature

LACKING = Evidence("cuda", 1000, {Category.FORWARD: 690}, not_in_trace_ns=310)
ELSEWHERE = Signature(falls=(Category.FORWARD,), may_rise=(), stays_flat=(), bound="")
LOADS = Signature(falls=(Category.DATA_LOADING,), may_rise=(), stays_flat=(), bound="")


@pytest.fixture
def plugged_in(monkeypatch):
    """Install a technique that predicts so much."""

    def install(low_ns, high_ns, signature=ELSEWHERE, **changes):
        made = dataclasses.replace(
            registry.load("amp"),
            name="zebra",
            signature=signature,
            **{
                "obstacle": lambda _options, _machine: None,
                "predict": lambda _options, _evidence: Prediction(low_ns, high_ns, "stripes"),
                **changes,
            },
        )
        monkeypatch.setitem(sys.modules, "extra_zebra", types.SimpleNamespace(TECHNIQUE=made))
        point = EntryPoint("zebra", "extra_zebra:TECHNIQUE", registry.GROUP)
        monkeypatch.setattr(registry, "_plug_ins", lambda: {"zebra": point})

    return install


@pytest.mark.parametrize(
    ("told", "signature", "widened"),
    [
        ((-20, 50), ELSEWHERE, (-330, 360)),
        ((-1, 1), ELSEWHERE, (-311, 311)),
        ((0, 50), ELSEWHERE, (0, 360)),
        ((7, 50), ELSEWHERE, (7, 360)),
        ((0, 689), ELSEWHERE, (0, 999)),
        ((0, 0), ELSEWHERE, (0, 0)),  # nothing by its mechanism
        ((-20, 0), ELSEWHERE, (-330, 0)),
        ((0, 0), LOADS, (0, 310)),  # a full queue hides all loading
    ],
)
def test_bounds_move_by_what_is_lacking(plugged_in, told, signature, widened):
    plugged_in(*told, signature)
    found = predict("zebra", AmpOptions(), LACKING)
    assert (found.low_ns, found.high_ns) == widened
    lacking = "; and 31.0 % of the step, which the traced one lacks and which may be of it too"
    assert found.basis == "stripes" + (lacking if widened[1] else "")


@pytest.mark.parametrize(
    ("high_ns", "lacking_ns", "shown_ns", "found"),
    [
        (690, 310, 690, NoBounds.OTHER_WORK),
        (900, 310, 690, NoBounds.OTHER_WORK),
        (1000, 0, 5000, NoBounds.OTHER_WORK),
        (3209, 0, 5000, NoBounds.OTHER_WORK),
        (1000, 0, 1000, NoBounds.WHOLE_STEP),
        (999, 0, 1000, None),
        (999, 0, 5000, None),  # too long by what it shows too much of, so still no less
    ],
)
def test_a_bound_that_is_no_smaller_than_the_step_is_none(
    plugged_in, high_ns, lacking_ns, shown_ns, found
):
    plugged_in(-20, high_ns)
    evidence = Evidence("cuda", 1000, {Category.FORWARD: shown_ns}, not_in_trace_ns=lacking_ns)
    told = predict("zebra", AmpOptions(), evidence)
    assert told == (Prediction(-20, high_ns, "stripes") if found is None else found)
    machine = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
    (advice,) = (one for one in advise(evidence, machine) if one.name == "zebra")
    if found is None:
        assert advice.share == high_ns / 1000
    else:
        assert (advice.low_ns, advice.high_ns, advice.share) == (None, None, None)
        other_work = "does not show the timed step's work" in advice.basis
        assert other_work is (found is NoBounds.OTHER_WORK)


@pytest.mark.parametrize("lacking_ns", [0, -40])
def test_a_trace_that_lacks_nothing_moves_no_bound(plugged_in, lacking_ns):
    plugged_in(-20, 50)
    complete = dataclasses.replace(LACKING, not_in_trace_ns=lacking_ns)
    assert predict("zebra", AmpOptions(), complete) == Prediction(-20, 50, "stripes")
    least = dataclasses.replace(LACKING, not_in_trace_ns=1)
    assert predict("zebra", AmpOptions(), least).high_ns == 51


def test_advice_holds_the_bounds_and_their_share_of_the_step(plugged_in):
    plugged_in(-20, 50)
    machine = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
    (found,) = (one for one in advise(LACKING, machine) if one.name == "zebra")
    assert (found.low_ns, found.high_ns, found.share) == (-330, 360, 0.36)
    nothing = dataclasses.replace(LACKING, step_ns=0, not_in_trace_ns=0)
    (found,) = (one for one in advise(nothing, machine) if one.name == "zebra")
    assert (found.high_ns, found.share) == (50, 0.0)


def test_advice_that_cannot_be_followed_says_why(plugged_in):
    machine = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
    plugged_in(0, 50, obstacle=lambda _options, machine: f"no stripes on {machine.device_name}")
    (found,) = (one for one in advise(LACKING, machine) if one.name == "zebra")
    assert (found.low_ns, found.high_ns, found.share) == (None, None, None)
    assert found.basis == "not applicable: no stripes on A GPU"
    plugged_in(0, 50, predict=lambda _options, _evidence: None)
    (found,) = (one for one in advise(LACKING, machine) if one.name == "zebra")
    assert (found.high_ns, found.basis) == (None, "this step does not tell")


def test_advice_is_sorted_by_what_it_saves_then_by_name(plugged_in):
    machine = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
    plugged_in(0, 0)
    advice = advise(dataclasses.replace(LACKING, not_in_trace_ns=0), machine)
    told = [one.name for one in advice if one.high_ns is not None]
    silent = [one.name for one in advice if one.high_ns is None]
    assert "zebra" in told
    assert [one.name for one in advice] == told + silent
    assert silent == sorted(silent)

"""Operations over time beside the ceilings, of more precisions and classes than one."""

import pytest
from msgspec.structs import replace

from annt_prof.categories import WhyAssumed
from annt_prof.explain.throughput import throughputs
from annt_prof.machine.ceilings import Ceilings
from annt_prof.runs.record import Numerics
from hand_made import GPU, MS, breakdown, run, variant

CEILINGS = Ceilings({"float32": 50.0, "tf32": 400.0, "float16": 800.0}, 1.0, 1.0, 1.0, 1.0)
AMPERE = replace(GPU, tf32=True)


def working(kernel_ns, told, *, flops=30, **changes):
    """One step of 100 ms on an Ampere."""
    traced = replace(breakdown(100.0, forward=1.0), kernel_ns=kernel_ns, kernel_precision_ns=told)
    chosen = {"breakdown": traced, "numerics": Numerics(flops=flops)} | changes
    return run(variant("baseline", [100.0] * 3, **chosen), environment=AMPERE)


def test_a_precision_has_the_time_of_all_classes_that_ran_in_it():
    told = {
        "conv": {"tf32": 30 * MS, "float16": 10 * MS},
        "gemm": {"tf32": 25 * MS, "float32": 15 * MS},
        "attention": {"float16": 20 * MS},
    }
    kernel_ns = {"conv": 40 * MS, "gemm": 40 * MS, "attention": 20 * MS, "norm": 7 * MS}
    (found,) = throughputs(working(kernel_ns, told), CEILINGS)
    assert found.precisions == pytest.approx({"tf32": 0.55, "float16": 0.3, "float32": 0.15})
    assert (found.variant, found.dtype, found.assumed) == ("baseline", "tf32", {})
    assert found.flops_per_s == 300
    assert found.of_ceiling == pytest.approx(300 / (0.55 * 400 + 0.3 * 800 + 0.15 * 50))


def test_what_is_not_told_is_taken_for_what_the_settings_give():
    """Products run in float32 unless told, convolutions in TF32; other classes do not count."""
    kernel_ns = {"norm": 7 * MS, "conv": 40 * MS, "gemm": 40 * MS}
    told = {"conv": {"tf32": 10 * MS, "unknown": 5 * MS}, "gemm": {"float32": 28 * MS}}
    (found,) = throughputs(working(kernel_ns, told), CEILINGS)
    assert found.precisions == pytest.approx({"tf32": 0.5, "float32": 0.5})
    assert found.assumed == {"conv": "tf32", "gemm": "float32"}
    assert found.assumed_because is WhyAssumed.NAMES_DO_NOT_TELL


def test_a_record_of_before_names_were_asked_says_so():
    """The figures are those of kernels whose names do not tell."""
    kernel_ns = {"conv": 40 * MS, "gemm": 40 * MS, "norm": 7 * MS}
    (unasked,) = throughputs(working(kernel_ns, {}), CEILINGS)
    assert unasked.assumed_because is WhyAssumed.NOT_RECORDED
    nameless = {"conv": {"unknown": 40 * MS}, "gemm": {"unknown": 40 * MS}}
    (asked,) = throughputs(working(kernel_ns, nameless), CEILINGS)
    assert asked.assumed_because is WhyAssumed.NAMES_DO_NOT_TELL
    assert replace(asked, assumed_because=WhyAssumed.NOT_RECORDED) == unasked
    told = {"conv": {"tf32": 40 * MS}, "gemm": {"tf32": 40 * MS}}
    (known,) = throughputs(working(kernel_ns, told), CEILINGS)
    assert (known.assumed, known.assumed_because) == ({}, None)


@pytest.mark.parametrize(("flops", "of_ceiling"), [(5, 1.0), (6, None)])
def test_just_the_ceiling_is_not_more_than_it(flops, of_ceiling):
    all_in_one = working({"gemm": 9 * MS}, {"gemm": {"float32": 9 * MS}}, flops=flops)
    (found,) = throughputs(all_in_one, CEILINGS)
    assert found.of_ceiling == of_ceiling
    assert (found.why_not is None) is (of_ceiling is not None)


def test_every_precision_without_a_ceiling_is_named():
    told = {"conv": {"float64": 30 * MS, "tf32": 10 * MS}, "gemm": {"int8": 40 * MS}}
    (found,) = throughputs(working({"conv": 40 * MS, "gemm": 40 * MS}, told), CEILINGS)
    assert found.why_not == "no ceiling of float64, int8 was calibrated"


def test_without_a_trace_it_is_said_what_is_not_known():
    (found,) = throughputs(working({}, {}, breakdown=None), CEILINGS)
    assert found.why_not == ("not traced: which part ran in TF32 and which in float32 is not known")
    assert (found.precisions, found.dtype, found.of_ceiling) == ({}, "unknown", None)


def test_what_was_not_timed_or_counted_has_none():
    assert throughputs(working({}, {}, flops=0), CEILINGS) == ()
    assert throughputs(working({}, {}, numerics=None), CEILINGS) == ()
    assert throughputs(working({}, {}, windows=()), CEILINGS) == ()

"""Throughput beside the ceiling of the precisions that a variant really ran in."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from annt_prof.categories import KernelClass, Precision
from annt_prof.compare.precisions import by_settings
from annt_prof.explain.explaining import explain
from annt_prof.explain.prediction import evidence_of
from annt_prof.explain.throughput import throughputs
from annt_prof.machine.ceilings import Ceilings
from annt_prof.report.text.explanation import render_explanation
from annt_prof.runs.record import Numerics, QuantisationError, TechniqueInEffect
from annt_prof.views.explanation_view import build_explanation_view
from hand_made import CPU, GPU, MS, breakdown, run, variant

TERA = 10**12
# About an H100's.
CEILINGS = Ceilings(
    {"float32": 50.0 * TERA, "tf32": 400.0 * TERA, "float16": 800.0 * TERA}, 1.0, 1.0, 1.0, 1.0
)
AMPERE = replace(GPU, tf32=True)


def convolving(told, *, tera_flops, environment=AMPERE, **changes):
    """100 ms, of which convolutions take 70 and products 20, as far as names tell."""
    traced = replace(
        breakdown(100.0, forward=0.4, backward=0.6),
        kernel_ns={"conv": 70 * MS, "gemm": 20 * MS, "norm": 10 * MS},
        kernel_precision_ns=told,
    )
    one = variant(
        "baseline",
        [100.0] * 3,
        **{"breakdown": traced, "numerics": Numerics(flops=round(tera_flops * TERA / 10))}
        | changes,
    )
    return run(one, environment=environment)


TOLD = {"conv": {"tf32": 70 * MS}, "gemm": {"float32": 20 * MS}}


def test_utilisation_is_of_the_precisions_that_kernels_ran_in():
    (found,) = throughputs(convolving(TOLD, tera_flops=200), CEILINGS)
    ceiling = (70 * 400 + 20 * 50) / 90
    assert found.of_ceiling == pytest.approx(200 / ceiling)
    assert found.precisions == pytest.approx({"tf32": 7 / 9, "float32": 2 / 9})
    assert (found.dtype, found.assumed, found.why_not) == ("tf32", {}, None)


def test_time_in_one_precision_is_added_up_over_classes():
    told = {
        "conv": {"tf32": 50 * MS, "float32": 20 * MS},
        "gemm": {"tf32": 5 * MS, "float32": 15 * MS},
    }
    (found,) = throughputs(convolving(told, tera_flops=50), CEILINGS)
    assert found.precisions == pytest.approx({"tf32": 55 / 90, "float32": 35 / 90})


def test_where_names_do_not_tell_the_settings_do_and_it_is_said():
    silent = {"conv": {"unknown": 70 * MS}, "gemm": {"float32": 20 * MS}}
    (found,) = throughputs(convolving(silent, tera_flops=200), CEILINGS)
    assert found.assumed == {"conv": "tf32"}
    assert found.precisions == pytest.approx({"tf32": 7 / 9, "float32": 2 / 9})
    # A record from before names were looked at tells nothing.
    (found,) = throughputs(convolving({}, tera_flops=200), CEILINGS)
    assert found.assumed == {"conv": "tf32", "gemm": "float32"}


def test_before_ampere_there_is_no_tf32():
    old = convolving({}, tera_flops=10, environment=GPU)
    (found,) = throughputs(old, CEILINGS)
    assert found.precisions == {"float32": 1.0}
    assert found.of_ceiling == pytest.approx(0.2)


def test_more_than_the_ceiling_is_never_told_as_such():
    measured = convolving(TOLD, tera_flops=350)
    (found,) = throughputs(measured, CEILINGS)
    assert found.of_ceiling is None
    assert found.why_not == "the calibrated ceiling is lower than what was measured: recalibrate"
    console = Console(width=200, file=io.StringIO())
    render_explanation(build_explanation_view(explain(measured, CEILINGS)), console)
    said = console.file.getvalue()
    assert "n/a: the calibrated ceiling is lower than what was measured: recalibrate" in said


def test_without_a_trace_two_precisions_are_not_told_apart():
    (found,) = throughputs(convolving(TOLD, tera_flops=100, breakdown=None), CEILINGS)
    assert found.of_ceiling is None
    assert found.why_not.startswith("not traced")
    on_host = run(variant("baseline", [100.0] * 3, numerics=Numerics(flops=TERA)), environment=CPU)
    (found,) = throughputs(on_host, CEILINGS)
    assert found.precisions == {"float32": 1.0}
    assert found.of_ceiling == pytest.approx(10 / 50)


def test_what_was_not_calibrated_is_named():
    double = {"conv": {"float64": 70 * MS}, "gemm": {"float64": 20 * MS}}
    (found,) = throughputs(convolving(double, tera_flops=10), CEILINGS)
    assert (found.of_ceiling, found.why_not) == (None, "no ceiling of float64 was calibrated")
    (found,) = throughputs(convolving(TOLD, tera_flops=10), None)
    assert (found.of_ceiling, found.why_not) == (None, "annt-prof doctor --calibrate measures it")


@pytest.mark.parametrize(
    ("techniques", "conv", "gemm"),
    [
        ({}, "tf32", "float32"),
        ({"tf32": {}}, "tf32", "tf32"),
        ({"tf32": {"allowed": False}}, "float32", "float32"),
        ({"amp": {}}, "float16", "float16"),
        ({"amp": {"dtype": "bfloat16"}, "tf32": {}}, "bfloat16", "bfloat16"),
    ],
)
def test_what_the_settings_allow(techniques, conv, gemm):
    """Of what a variant trains with, whatever it is called and whatever tells it from others."""
    on = tuple(TechniqueInEffect(name, options) for name, options in techniques.items())
    one = variant("one", [1.0], factors=("dataset.workers",), techniques=on)
    measured = run(one, environment=AMPERE)
    found = [by_settings(kind, one, measured) for kind in (KernelClass.CONV, KernelClass.GEMM)]
    assert found == [conv, gemm]


def test_a_factor_that_turns_tf32_off_is_no_tf32():
    """Between two scenarios the baseline has what the first one has."""
    off = variant("tf32", [1.0], factors=("tf32",), techniques=())
    on = variant("baseline", [1.0], techniques=(TechniqueInEffect("tf32"),))
    measured = run(on, off, environment=AMPERE, differences=("tf32: on -> off",))
    found = [by_settings(KernelClass.GEMM, each, measured) for each in (on, off)]
    assert found == [Precision.TF32, Precision.FLOAT32]


def test_rounding_that_was_looked_at_tells_the_dtype():
    rounded = QuantisationError("activations", "bfloat16", 0.1, 1.0, 0.0, 0.0)
    one = variant("one", [1.0], numerics=Numerics(quantisation=(rounded,)))
    assert by_settings(KernelClass.GEMM, one, run(one)) is Precision.BFLOAT16


def test_a_run_tells_predictions_its_precisions():
    measured = convolving(TOLD, tera_flops=200)
    found = evidence_of(measured, measured.variants[0], CEILINGS)
    assert found.matrix(KernelClass.CONV, KernelClass.GEMM) == {"tf32": 70 * MS, "float32": 20 * MS}

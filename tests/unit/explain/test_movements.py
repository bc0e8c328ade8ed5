"""A movement at the values where it turns, in nanoseconds per sample.

The baseline's step takes 1000 of them, of which the forward pass takes 100: a movement up to 10 is
none, as a tenth of the mover is more than a two-hundredth of the step.
"""

import pytest
from msgspec.structs import replace

from annt_prof.categories import Category, KernelClass
from annt_prof.compare.comparison import summarise
from annt_prof.explain.explanation import Movement
from annt_prof.explain.signature import movements
from annt_prof.techniques.technique import Signature
from hand_made import MS, breakdown, variant

FALLS = Signature(falls=(Category.FORWARD,), may_rise=(), stays_flat=(), bound="")
MAY_RISE = Signature(falls=(), may_rise=(Category.FORWARD,), stays_flat=(), bound="")
STAYS = Signature(falls=(), may_rise=(), stays_flat=(Category.FORWARD,), bound="")
PRODUCTS = Signature(falls=(KernelClass.GEMM,), may_rise=(), stays_flat=(), bound="")


def made(name, forward, *, total=1000, lacks=0, samples=8, kernels=None):
    """A variant of these times per sample, whose traced step lacks something of the timed one."""
    parts = {Category.FORWARD: forward, Category.BACKWARD: total - forward}
    traced = replace(
        breakdown(1.0),
        step_ns=total * samples,
        by_category_ns={c: ns * samples for c, ns in parts.items() if ns is not None},
        kernel_ns={kind: ns * samples for kind, ns in (kernels or {}).items()},
    )
    timed_ms = (total + lacks) * samples / MS
    return variant(name, [timed_ms] * 3, samples_per_iteration=samples, breakdown=traced)


def moved(signature, baseline, tuned, noise_ns=0.0, device="cpu"):
    return movements(signature, *summarise((baseline, tuned)), device, noise_ns)


def seen(signature, before, after, noise_ns=0.0, **changes):
    (found,) = moved(signature, made("baseline", before), made("a", after, **changes), noise_ns)
    return found.seen, found.as_expected


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (100, 89, "fell"),
        (100, 90, "flat"),
        (100, 110, "flat"),
        (100, 111, "rose"),
        (20, 15, "flat"),  # a two-hundredth of the step
        (20, 14, "fell"),
        (20, 25, "flat"),
        (20, 26, "rose"),
    ],
)
def test_a_tenth_of_the_mover_or_a_little_of_the_step_is_no_movement(before, after, what):
    assert seen(FALLS, before, after) == (what, what == "fell")
    assert seen(MAY_RISE, before, after) == (what, True)
    assert seen(STAYS, before, after) == (what, what == "flat")


@pytest.mark.parametrize(
    ("after", "noise_ns", "what"),
    [
        (85, 15, "unclear"),
        (84, 15, "fell"),
        (115, 15, "unclear"),
        (116, 15, "rose"),
        # That it did not fall is told where a fall of all of it, or of a tenth, could be seen.
        (95, 10, "flat"),
        (95, 11, "unclear"),
        (95, 99, "unclear"),
        (95, 100, "flat"),
    ],
)
def test_what_noise_could_hide_is_unclear(after, noise_ns, what):
    fits = None if what == "unclear" else what == "fell"
    assert seen(FALLS, 100, after, noise_ns) == (what, fits)


def test_noise_does_not_hide_that_something_stayed():
    assert seen(STAYS, 100, 95, 50) == ("flat", True)
    assert seen(MAY_RISE, 100, 95, 50) == ("flat", True)


@pytest.mark.parametrize(
    ("after", "lacks", "what"),
    [
        (95, 10, "flat"),
        (95, 11, "unclear"),
        (70, 30, "unclear"),
        (69, 30, "fell"),
        (131, 30, "rose"),
        (130, 30, "unclear"),
    ],
)
def test_what_a_trace_lacks_may_be_of_the_mover(after, lacks, what):
    assert seen(STAYS, 100, after, lacks=lacks)[0] == what


@pytest.mark.parametrize(
    ("after", "told"), [(70, ("fell", True)), (100, ("flat", True)), (130, ("rose", False))]
)
def test_what_may_fall_need_not(after, told):
    may_fall = Signature((), (), (), bound="", may_fall=(Category.FORWARD,))
    assert seen(may_fall, 100, after) == told


def test_what_both_traces_lack_adds_up_per_sample():
    before = made("baseline", 100, lacks=20)
    for after, what in ((50, "unclear"), (49, "fell")):
        tuned = made("a", after, lacks=30, samples=16)
        (found,) = moved(FALLS, before, tuned)
        assert (found.seen, found.saving_ns) == (what, 100 - after)


def test_every_mover_is_told_in_the_order_of_what_is_expected():
    signature = Signature(
        falls=(Category.BACKWARD,),
        may_rise=(KernelClass.GEMM,),
        stays_flat=(Category.FORWARD, Category.SYNC),
        bound="",
    )
    before = made("baseline", 100, kernels={"gemm": 300})
    found = moved(signature, before, made("a", 70, total=900, kernels={"gemm": 350}))
    assert found == (
        Movement("backward", "falls", "flat", 70, as_expected=False),
        Movement("gemm", "may_rise", "rose", -50, as_expected=True),
        Movement("forward", "stays_flat", "fell", 30, as_expected=False),
    )


def test_kernels_need_no_deflation_and_lack_nothing():
    before = made("baseline", 100, kernels={"gemm": 300})
    tuned = made("a", 100, lacks=500, samples=16, kernels={"gemm": 150})
    assert moved(PRODUCTS, before, tuned) == (
        Movement("gemm", "falls", "fell", 150, as_expected=True),
    )
    # A class that no kernel is of takes no time; where no kernel is known, nothing is.
    other = made("a", 100, kernels={"conv": 150})
    assert moved(PRODUCTS, before, other)[0].saving_ns == 300
    assert moved(PRODUCTS, before, made("a", 100)) == ()
    assert moved(PRODUCTS, made("baseline", 100), tuned) == ()


def test_without_both_traces_nothing_moved():
    traced, untraced = made("baseline", 100), made("a", 50)
    untraced = replace(untraced, breakdown=None)
    assert moved(FALLS, traced, untraced) == ()
    assert moved(FALLS, replace(traced, breakdown=None), made("a", 50)) == ()


def test_what_a_trace_has_too_much_of_is_time_in_which_the_host_decides():
    """The baseline's trace is longer by 150, of which its loading can absorb 100."""
    parts = {Category.FORWARD: 100, Category.BACKWARD: 800, Category.DATA_LOADING: 100}

    def loading(name, loading_ns, timed_ns):
        traced = replace(
            breakdown(1.0),
            step_ns=8 * (900 + loading_ns),
            by_category_ns={
                c: 8 * ns for c, ns in (parts | {Category.DATA_LOADING: loading_ns}).items()
            },
        )
        return variant(name, [8 * timed_ns / MS] * 3, breakdown=traced)

    signature = Signature(
        falls=(), may_rise=(), stays_flat=(Category.DATA_LOADING, Category.FORWARD), bound=""
    )
    found = moved(signature, loading("baseline", 100, 850), loading("a", 20, 920), device="cuda")
    assert [(each.saving_ns, each.seen) for each in found] == [(-20, "unclear"), (0, "flat")]

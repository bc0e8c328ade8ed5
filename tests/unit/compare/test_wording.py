import random

import pytest

from annt_prof.compare.comparison import summarise
from annt_prof.compare.verdict import decide
from annt_prof.compare.wording import phrase
from annt_prof.explain.attribution import Placed
from annt_prof.explain.explanation import Worth
from annt_prof.explain.reasons import reason
from annt_prof.runs.record import Speedup
from hand_made import drifting, variant


def _phrase(speedup: Speedup) -> str:
    return phrase(decide(speedup), speedup)


@pytest.mark.parametrize(
    ("speedup", "finding", "text"),
    [
        (
            Speedup(1.34, 1.31, 1.37, 12, 12),
            "faster",
            "faster: 1.34x (95 % interval 1.31x to 1.37x, 12 launches)",
        ),
        (
            Speedup(0.71, 0.69, 0.73, 20, 5),
            "slower",
            "slower: 0.71x (95 % interval 0.69x to 0.73x, 20 rounds in 5 launches)",
        ),
        (
            Speedup(0.998, 0.992, 1.004, 12, 12),
            "no_measurable_effect",
            "no measurable effect (0.998x ± 0.6 % at 12 launches)",
        ),
        (
            Speedup(1.01, 0.97, 1.05, 12, 12),
            "inconclusive",
            "inconclusive: ± 4.0 % at 12 launches (1.01x)",
        ),
        (
            Speedup(1.34, None, None, 4),
            "no_interval",
            "1.34x in 4 rounds in 1 launch: too few launches for an interval",
        ),
    ],
)
def test_the_words_say_what_the_interval_allows(speedup: Speedup, finding: str, text: str) -> None:
    verdict = decide(speedup)
    assert (verdict.effect, phrase(verdict, speedup)) == (finding, text)


def test_a_wide_interval_without_1_is_still_an_effect() -> None:
    assert decide(Speedup(2.0, 1.2, 3.3, 3)).effect == "faster"


def test_an_interval_that_touches_1_is_no_effect() -> None:
    assert decide(Speedup(1.01, 1.0, 1.02, 9)).effect == "no_measurable_effect"


def test_an_interval_close_to_1_gets_the_digits_that_tell_them_apart() -> None:
    assert "1.012x to 1.013x" in _phrase(Speedup(1.0125, 1.0122, 1.0128, 30))


@pytest.mark.parametrize(
    ("speedup", "finding"),
    [
        (Speedup(1.005, 1.003, 1.007, 50), "no_measurable_effect"),
        (Speedup(0.995, 0.993, 0.997, 50), "no_measurable_effect"),
        (Speedup(1.03, 1.004, 1.057, 8), "inconclusive"),
        (Speedup(1.03, 1.006, 1.05, 8), "faster"),
        (Speedup(0.97, 0.955, 0.994, 8), "slower"),
    ],
)
def test_an_effect_that_is_not_worth_telling_is_called_none(speedup: Speedup, finding: str) -> None:
    assert decide(speedup).effect == finding


def test_the_ends_of_a_narrow_interval_differ_in_print() -> None:
    assert "2.309x to 2.312x" in _phrase(Speedup(2.3105, 2.309, 2.312, 30))


def test_identical_windows_do_not_loop_for_ever() -> None:
    assert _phrase(Speedup(2.0, 2.0, 2.0, 3)).startswith("faster: 2.0000x")


def test_what_counts_as_narrow_is_the_scenarios_choice() -> None:
    speedup = Speedup(1.0, 0.97, 1.03, 12)
    assert decide(speedup, precision=0.01).effect == "inconclusive"
    assert decide(speedup, precision=0.02).effect == "inconclusive"
    assert decide(speedup, precision=0.05).effect == "no_measurable_effect"


@pytest.mark.simulation
def test_of_200_comparisons_of_a_thing_with_itself_at_most_one_in_twenty_is_called_an_effect() -> (
    None
):
    """Rounds share a drift, windows have noise, and each process an offset of its own."""
    generator = random.Random(0)
    called = 0
    for seed in range(200):
        offset = 1 + generator.gauss(0, 0.003)
        again = [ms * offset for ms in drifting(100, 8, noise=0.004, seed=1000 + seed)]
        baseline, other = summarise(
            (
                variant("baseline", drifting(100, 8, noise=0.004, seed=seed)),
                variant("baseline_again", again, factors=()),
            )
        )
        assert baseline.speedup is not None
        assert other.speedup is not None
        called += decide(other.speedup).effect in ("faster", "slower")
    assert called <= 10


@pytest.mark.parametrize("low", [1.0, 1.06, 1.11, 1.2, 1.3])
def test_a_ratio_and_its_inverse_are_judged_alike(low: float) -> None:
    there, back = Speedup(low + 0.03, low, low + 0.06, 9), None
    back = Speedup(1 / there.ratio, 1 / (low + 0.06), 1 / low, 9)
    opposite = {"faster": "slower", "slower": "faster"}
    for floor in (0.005, 0.1, 0.25, 1.5):
        found = decide(there, floor=floor).effect
        assert decide(back, floor=floor).effect == opposite.get(found, found)


def test_a_noisy_baseline_makes_no_wide_interval_narrow() -> None:
    assert decide(Speedup(1.11, 0.8, 1.5, 9), floor=0.4).effect == "inconclusive"
    speedup = Speedup(1.1, 1.09, 1.11, 9)
    verdict = decide(speedup, floor=0.25)
    assert verdict.effect == "inconclusive"
    assert "the baseline differs from itself" in phrase(verdict, speedup)


def test_percentages_next_to_zero_have_a_side() -> None:
    """``moved by > -0.1 %`` is no figure."""
    said = reason(
        Worth.NO_MEASURABLE_EFFECT,
        Speedup(1.0002, 0.9987, 1.0017, 11, 5),
        Placed(None, 0, None),
        None,
        1000,
        too_much=False,
    )
    assert "moved by -0.02 % (95 % interval -0.17 % to 0.13 %" in said
    plain = Speedup(1.02, 1.01, 1.03, 11, 5)
    told = reason(Worth.HELPS, plain, Placed(None, 0, None), None, 1000, too_much=False)
    assert told.startswith("saves 2.0 % of the time per sample (95 % interval 1.0 % to 2.9 %")

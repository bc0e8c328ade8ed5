from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.check.question import Question
from annt_prof.check.result import Outcome, Reason
from annt_prof.check.verdicts import decide, decide_exactly

LEVEL = 0.01
ONES = (1.0,) * 12


def around(centre: float, count: int = 6, *, spread: float = 0.01) -> tuple[float, ...]:
    """Figures as a normal sample should be, whose logarithms have their mean at the centre's."""
    normal = NormalDist(0, spread)
    return tuple(centre * math.exp(normal.inv_cdf((i + 0.5) / count)) for i in range(count))


def ratio(to: float, limit: float, *, upper: bool = True, count: int = 6) -> Question:
    return Question(around(to, count), limit, upper, ONES[:count], paired=True)


@pytest.mark.parametrize(
    ("to", "limit", "upper", "outcome"),
    [
        (1.10, 1.05, True, Outcome.FAIL),
        (1.00, 1.05, True, Outcome.PASS),
        (1.05, 1.05, True, Outcome.INCONCLUSIVE),
        (0.90, 0.97, False, Outcome.FAIL),
        (1.00, 0.95, False, Outcome.PASS),
        (0.97, 0.97, False, Outcome.INCONCLUSIVE),
    ],
)
@pytest.mark.parametrize("kind", ["pairs", "groups", "alone"])
def test_either_bound_settles_it(
    to: float, limit: float, upper: bool, outcome: Outcome, kind: str
) -> None:
    question = ratio(to, limit, upper=upper)
    if kind == "groups":
        question = Question(question.checked, limit, upper, around(1.0, 8, spread=0.005))
    if kind == "alone":
        question = Question(question.checked, limit, upper)
    [verdict] = decide([question], LEVEL)
    assert verdict.outcome is outcome
    assert verdict.reason is (Reason.TOO_CLOSE if outcome is Outcome.INCONCLUSIVE else None)
    assert verdict.is_settled == (outcome is not Outcome.INCONCLUSIVE)
    estimate = verdict.estimate
    assert estimate is not None
    assert estimate.value == pytest.approx(to, rel=1e-9)
    assert estimate.low < estimate.value < estimate.high
    above = Outcome.FAIL if upper else Outcome.PASS
    assert (estimate.low > limit) == (outcome is above)
    assert (estimate.high < limit) == (outcome not in (above, Outcome.INCONCLUSIVE))
    assert estimate.launches == 6
    assert estimate.reference_launches == {"pairs": 6, "groups": 8, "alone": 0}[kind]
    assert (estimate.wilcoxon is None) == (kind != "pairs")
    assert 0 < estimate.smallest_seen < 0.1


FIGURES = st.lists(st.floats(0.5, 2), min_size=5, max_size=14)


@given(st.lists(FIGURES, min_size=1, max_size=4), st.sampled_from([0.9, 1.0, 1.1]), st.booleans())
def test_the_bounds_that_are_told_are_on_the_side_that_the_verdict_says(
    sides: list[list[float]], limit: float, upper: bool
) -> None:
    questions = [Question(tuple(side), limit, upper) for side in sides]
    for verdict in decide(questions, 0.1):
        estimate = verdict.estimate
        assert estimate is not None
        failing, passing = (estimate.low, estimate.high) if upper else (estimate.high, estimate.low)
        sign = 1 if upper else -1
        assert sign * (failing - passing) <= 1e-12
        if verdict.outcome is Outcome.FAIL:
            assert sign * (failing - limit) >= -1e-9
        elif verdict.outcome is Outcome.PASS:
            assert sign * (passing - limit) <= 1e-9
        else:
            assert sign * (failing - limit) <= 1e-9 <= sign * (passing - limit) + 2e-9


def test_several_budgets_share_the_level_of_failing_and_none_of_passing() -> None:
    questions = [ratio(1.2, 1.05), ratio(1.05, 1.05), ratio(1.0, 1.05)]
    first, second, third = decide(questions, LEVEL)
    levels = [each.estimate.level for each in (first, second, third)]
    assert levels == pytest.approx([LEVEL / 3, LEVEL / 2, LEVEL / 2])
    assert {each.estimate.level_within for each in (first, second, third)} == {LEVEL}
    assert [each.outcome for each in (first, second, third)] == [
        Outcome.FAIL,
        Outcome.INCONCLUSIVE,
        Outcome.PASS,
    ]


def test_alone_it_fails_and_beside_others_it_does_not() -> None:
    close = ratio(1.065, 1.05, count=7)
    others = [ratio(1.05, 1.05)] * 20
    assert decide([close], LEVEL)[0].outcome is Outcome.FAIL
    assert decide([close, *others], LEVEL)[0].outcome is Outcome.INCONCLUSIVE


def test_what_was_settled_stays_and_still_counts() -> None:
    broken, close = ratio(1.2, 1.05), ratio(1.05, 1.05)
    earlier = decide([broken, close], LEVEL)
    later = decide([ratio(1.2, 1.05, count=9), ratio(1.05, 1.05, count=9)], LEVEL, earlier)
    assert later[0] is earlier[0]
    assert later[1].estimate.launches == 9
    assert later[1].estimate.level == LEVEL / 2


def test_too_few_launches_tell_nothing_and_count_for_nothing() -> None:
    few, enough = decide([ratio(1.2, 1.05, count=4), ratio(1.2, 1.05)], LEVEL)
    assert (few.outcome, few.reason) == (Outcome.INCONCLUSIVE, Reason.TOO_FEW_LAUNCHES)
    assert few.estimate.value == pytest.approx(1.2, rel=1e-3)
    assert (few.estimate.launches, few.estimate.reference_launches) == (4, 4)
    assert few.estimate.low is few.estimate.high is few.estimate.level is None
    assert enough.estimate.level == LEVEL
    [none] = decide([Question((), 42, True)], LEVEL)
    assert (none.estimate, none.reason) == (None, Reason.TOO_FEW_LAUNCHES)


def test_wilcoxon_may_stop_what_student_tells() -> None:
    """Seven launches of nine are over the limit by far, two under it by a hair."""
    logs = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.11, -0.12]
    checked = tuple(1.05 * math.exp(each) for each in logs)
    [verdict] = decide([Question(checked, 1.05, True, ONES[:9], paired=True)], 0.1)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, Reason.CROSS_CHECK)
    [mirrored] = decide([Question(ONES[:9], 1 / 1.05, False, checked, paired=True)], 0.1)
    assert mirrored.reason is Reason.CROSS_CHECK
    [passing] = decide(
        [Question(tuple(1.05**2 / each for each in checked), 1.05, True, ONES[:9], paired=True)],
        0.1,
    )
    assert passing.reason is Reason.CROSS_CHECK
    # Independent groups have no pairs to rank.
    [groups] = decide([Question(checked, 1.05, True, ONES[:9])], 0.1)
    assert groups.outcome is Outcome.FAIL


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("upper", [True, False])
def test_equal_launches_are_compared_as_they_are(upper: bool, paired: bool) -> None:
    """As bytes of memory, which are the same each time: on the limit is within it."""
    held = (12 * 2.0**30,) * 7
    better, worse = (0.99, 1.01) if upper else (1.01, 0.99)
    for factor, outcome in ((1.0, Outcome.PASS), (better, Outcome.PASS), (worse, Outcome.FAIL)):
        checked = tuple(factor * each for each in held)
        [verdict] = decide([Question(checked, 1.0, upper, held, paired=paired)], LEVEL)
        assert verdict.outcome is outcome
        assert verdict.estimate.low == verdict.estimate.high == verdict.estimate.value
        assert verdict.estimate.value == pytest.approx(factor)
        assert verdict.estimate.smallest_seen is None
        [alone] = decide([Question(checked, held[0], upper)], LEVEL)
        assert alone.outcome is outcome


def test_what_is_on_its_limit_but_for_arithmetic_is_within_it() -> None:
    reference = (1.0, 3.0, 2.0, 6.0, 4.0, 9.0, 5.0, 12.0)
    checked = tuple(0.97 * each for each in reference)
    shares = (0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3)
    assert len({a / b for a, b in zip(checked, reference, strict=True)}) > 1
    for upper in (True, False):
        pairs = Question(checked, 0.97, upper, reference, paired=True)
        alone = Question(shares, 0.3, upper, in_logs=False)
        assert {each.outcome for each in decide([pairs, alone], LEVEL)} == {Outcome.PASS}


def test_more_of_what_the_reference_has_none_of_fails_without_a_ratio() -> None:
    [verdict] = decide([Question(around(3.0), 1.05, True, (0.0,) * 6, paired=True)], LEVEL)
    assert (verdict.outcome, verdict.estimate) == (Outcome.FAIL, None)
    [none] = decide([Question((0.0,) * 6, 1.05, True, (0.0,) * 6)], LEVEL)
    assert (none.outcome, none.estimate) == (Outcome.PASS, None)


@pytest.mark.parametrize(
    ("to", "limit", "upper", "is_win"),
    [
        (0.90, 1.05, True, True),
        (0.99, 1.05, True, False),
        (0.50, 0.60, True, False),
        (1.10, 0.95, False, True),
        (1.01, 0.95, False, False),
        (1.80, 1.50, False, False),
        (1.20, 1.05, True, False),
    ],
)
def test_a_win_is_beyond_the_limits_mirror_image(
    to: float, limit: float, upper: bool, is_win: bool
) -> None:
    [verdict] = decide([ratio(to, limit, upper=upper)], LEVEL)
    assert verdict.is_win is is_win


def test_several_budgets_share_the_chance_of_a_win_that_is_none() -> None:
    """Where the limit is the same code's own time, what is a win lies right beside it."""
    faster = ratio(0.985, 1.0)
    [alone] = decide([faster], LEVEL)
    several = decide([faster, *[ratio(1.0, 1.05)] * 9], LEVEL)
    assert (alone.is_win, several[0].is_win) == (True, False)
    assert several[0].outcome is Outcome.PASS


def test_limits_that_stand_alone_have_no_wins() -> None:
    [verdict] = decide([Question(around(0.1), 42, True)], LEVEL)
    assert (verdict.outcome, verdict.is_win) == (Outcome.PASS, False)


def test_noise_widens_the_limit_and_the_mirror() -> None:
    checked, reference = around(1.10), around(1.0, 8)
    [strict] = decide([Question(checked, 1.05, True, reference)], LEVEL)
    [wide] = decide([Question(checked, 1.05, True, reference, noise=0.2)], LEVEL)
    assert (strict.outcome, strict.limit_in_effect) == (Outcome.FAIL, 1.05)
    assert (wide.outcome, wide.limit_in_effect) == (Outcome.PASS, 1.2)
    faster = around(0.9)
    assert decide([Question(faster, 1.05, True, reference)], LEVEL)[0].is_win
    assert not decide([Question(faster, 1.05, True, reference, noise=0.2)], LEVEL)[0].is_win


@pytest.mark.parametrize(
    ("value", "upper", "outcome"),
    [
        (0, True, Outcome.PASS),
        (3, True, Outcome.PASS),
        (4, True, Outcome.FAIL),
        (4, False, Outcome.PASS),
        (2, False, Outcome.FAIL),
    ],
)
def test_counts_are_compared_without_statistics(value: int, upper: bool, outcome: Outcome) -> None:
    verdict = decide_exactly(value, 3, upper=upper)
    assert (verdict.outcome, verdict.limit_in_effect, verdict.reason) == (outcome, 3, None)
    assert verdict.estimate.value == value
    assert verdict.estimate.low is None

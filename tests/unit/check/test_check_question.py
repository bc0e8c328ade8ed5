from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from annt_prof.check.question import Question, answer, middle

LEVEL = 0.01


def launches(count: int, *, seed: int = 1, centre: float = 10.0) -> tuple[float, ...]:
    rng = random.Random(seed)
    return tuple(centre * math.exp(rng.gauss(0, 0.02)) for _ in range(count))


def test_pairs_are_asked_by_the_logarithms_of_their_ratios() -> None:
    checked, reference = launches(6, centre=10.6), launches(6, seed=2)
    found = answer(Question(checked, 1.05, True, reference, paired=True))
    logs = [math.log(a / b) for a, b in zip(checked, reference, strict=True)]
    theirs = stats.ttest_1samp(logs, math.log(1.05), alternative="greater")
    assert found is not None
    assert found.mean.p_over(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    low = math.exp(theirs.confidence_interval(1 - LEVEL).low)
    assert found.in_unit(found.mean.low(LEVEL)) == pytest.approx(low, rel=1e-9)
    assert found.pairs == pytest.approx([each - math.log(1.05) for each in logs])


def test_groups_are_asked_by_welch_on_their_logarithms() -> None:
    checked, reference = launches(6, centre=10.6), launches(8, seed=2)
    found = answer(Question(checked, 1.05, True, reference))
    logs = [[math.log(each) for each in side] for side in (checked, reference)]
    shifted = [each - math.log(1.05) for each in logs[0]]
    theirs = stats.ttest_ind(shifted, logs[1], equal_var=False, alternative="greater")
    assert found is not None
    assert found.mean.p_over(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.pairs == ()


def test_an_absolute_limit_is_asked_of_the_logarithms() -> None:
    checked = launches(6)
    found = answer(Question(checked, 10.1, True))
    logs = [math.log(each) for each in checked]
    theirs = stats.ttest_1samp(logs, math.log(10.1), alternative="less")
    assert found is not None
    assert found.mean.p_under(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.in_unit(found.mean.centre) == pytest.approx(stats.gmean(checked))


@pytest.mark.parametrize("checked", [(0.02, 0.03, 0.01, 0.04, 0.02), (0.02, 0.0, 0.01, 0.04, 0.02)])
def test_shares_and_zeros_are_asked_as_they_are(checked: tuple[float, ...]) -> None:
    found = answer(Question(checked, 0.05, True, in_logs=0.0 in checked))
    theirs = stats.ttest_1samp(checked, 0.05, alternative="less")
    assert found is not None
    assert found.mean.p_under(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.in_unit(0.05) == 0.05


def test_a_ratio_with_a_zero_is_asked_by_the_difference() -> None:
    checked, reference = (0.0, 1.2, 2.0, 1.0, 1.4), (1.0, 1.1, 1.3, 0.9, 1.2)
    found = answer(Question(checked, 1.5, True, reference, paired=True))
    excess = [a - 1.5 * b for a, b in zip(checked, reference, strict=True)]
    theirs = stats.ttest_1samp(excess, 0, alternative="less")
    assert found is not None
    assert found.mean.p_under(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.in_unit(found.mean.centre) == pytest.approx(sum(checked) / sum(reference))
    assert found.in_unit(found.limit) == 1.5


def test_groups_with_a_zero_are_asked_by_welch_on_the_figures() -> None:
    checked, reference = (0.0, 1.2, 2.0, 1.0, 1.4), launches(7, centre=1.0)
    found = answer(Question(checked, 1.5, True, reference))
    theirs = stats.ttest_ind(
        checked, [1.5 * each for each in reference], equal_var=False, alternative="less"
    )
    assert found is not None
    assert found.mean.p_under(found.limit) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.in_unit(found.limit) == 1.5


@pytest.mark.parametrize("paired", [True, False])
def test_a_reference_of_nothing_is_compared_but_gives_no_ratio(paired: bool) -> None:
    found = answer(Question(launches(5), 1.05, True, (0.0,) * 5, paired=paired))
    assert found is not None
    assert found.mean.p_over(found.limit) < 1e-5
    assert found.in_unit(found.mean.centre) is None


@pytest.mark.parametrize(
    ("checked", "reference"), [(4, None), (4, 5), (5, 4), (0, None), (0, 0), (5, 0)]
)
@pytest.mark.parametrize("in_logs", [True, False])
def test_four_launches_on_a_side_answer_nothing(
    checked: int, reference: int | None, in_logs: bool
) -> None:
    side = None if reference is None else launches(reference)
    assert answer(Question(launches(checked), 1.05, True, side, in_logs=in_logs)) is None


def test_few_launches_have_a_middle_nonetheless() -> None:
    assert middle(Question((9.0, 11.0), 42, True)) == 10
    assert middle(Question((9.0, 11.0), 1.05, True, (5.0,))) == 2
    assert middle(Question((), 42, True)) is None
    assert middle(Question((9.0,), 1.05, True, ())) is None
    assert middle(Question((9.0,), 1.05, True, (0.0,))) is None


@pytest.mark.parametrize(
    ("limit", "upper", "noise", "in_effect"),
    [
        (1.05, True, 0.03, 1.05),
        (1.05, True, 0.08, 1.08),
        (1.0, True, 0.08, 1.08),
        (0.6, True, 0.08, 0.6),
        (1.05, True, None, 1.05),
        (0.97, False, 0.01, 0.97),
        (0.97, False, 0.08, 1 / 1.08),
        (1.0, False, 0.08, 1 / 1.08),
        (1.5, False, 0.08, 1.5),
    ],
)
def test_a_limit_is_no_narrower_than_the_noise(
    limit: float, upper: bool, noise: float | None, in_effect: float
) -> None:
    question = Question(launches(5), limit, upper, launches(5), noise=noise)
    assert question.limit_in_effect == in_effect
    found = answer(question)
    assert found is not None
    assert found.limit == pytest.approx(math.log(in_effect))


def test_noise_widens_no_absolute_limit() -> None:
    assert Question(launches(5), 42, True, noise=0.5).limit_in_effect == 42


def test_the_smallest_change_is_told_as_a_part_of_the_figure() -> None:
    checked, reference = launches(6), launches(6, seed=2)
    ratio = answer(Question(checked, 1.05, True, reference, paired=True))
    assert ratio is not None
    by = ratio.mean.smallest_seen(LEVEL)
    assert ratio.smallest_seen(LEVEL, upper=True) == pytest.approx(math.exp(by) - 1)
    assert ratio.smallest_seen(LEVEL, upper=False) == pytest.approx(1 - math.exp(-by))
    share = answer(Question(checked, 12, True, in_logs=False))
    assert share is not None
    by = share.mean.smallest_seen(LEVEL)
    assert share.smallest_seen(LEVEL, upper=True) == pytest.approx(by / share.mean.centre)
    zeros = (0.0, *checked[1:])
    mixed = answer(Question(zeros, 1.05, True, reference, paired=True))
    assert mixed is not None
    by = mixed.mean.smallest_seen(LEVEL)
    mean = sum(reference) / 6
    assert mixed.smallest_seen(LEVEL, upper=True) == pytest.approx(by / mean)
    equal = answer(Question((10.0,) * 5, 12, True))
    assert equal is not None
    assert equal.smallest_seen(LEVEL, upper=True) is None


@pytest.mark.parametrize(
    ("checked", "limit", "reference", "paired"),
    [
        ((1.0, math.nan), 2.0, None, False),
        ((1.0,), math.inf, None, False),
        ((1.0,), 1.05, (math.inf,), False),
        ((1.0,), 0.0, (1.0,), False),
        ((1.0, 2.0), 1.05, (1.0,), True),
        ((1.0,), 1.05, None, True),
    ],
)
def test_what_cannot_be_asked(
    checked: tuple[float, ...], limit: float, reference: tuple[float, ...] | None, paired: bool
) -> None:
    with pytest.raises(ValueError, match=r"finite|above zero|different numbers"):
        Question(checked, limit, True, reference, paired=paired)

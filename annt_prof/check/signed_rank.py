"""Wilcoxon's signed-rank test: what Student's t is checked against."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def p_positive(differences: Sequence[float]) -> float:
    """Return the one-sided p-value that differences lie above zero; 1 where all are zero.

    Exact, with ties too: every sign is as likely as the other, so all sums of the ranks are
    counted. Zeros are left out, as Wilcoxon did. scipy.stats.wilcoxon is exact without ties only,
    and takes a second to import.

    Source: F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1(6), 1945;
    E. Lehmann, Nonparametrics, 1975, section 3.2 and appendix A.5 (ties, conditionally on them).
    """
    others = sorted((d for d in differences if d), key=abs)
    doubled: list[int] = []  # ranks times two, so that those shared by ties are whole
    for _, tied in groupby(others, key=abs):
        count = len(list(tied))
        doubled += [2 * len(doubled) + count + 1] * count
    seen = sum(rank for rank, d in zip(doubled, others, strict=True) if d > 0)
    # The ways to reach each sum are the coefficients of the product of 1 + x^rank. They are the
    # digits of one whole number in a base that none of them, nor their sum, can reach; and the sum
    # of digits is what a number leaves over when divided by its base less one.
    bits = len(doubled) + 2
    ways = 1
    for rank in doubled:
        ways += ways << (rank * bits)
    at_least = (ways >> (seen * bits)) % ((1 << bits) - 1)
    return at_least / float(2 ** len(doubled))

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.check.noise import noise_of


@given(st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=30))
def test_it_is_tukeys_outer_fence_of_their_sizes(differences: list[float]) -> None:
    first, third = np.quantile(np.abs(differences), [0.25, 0.75])
    expected = math.exp(third + 3 * (third - first)) - 1
    assert noise_of(differences) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_few_differences_tell_nothing() -> None:
    assert noise_of([0.01, 0.02]) is None
    assert noise_of([0.01, 0.01, -0.01]) == pytest.approx(math.expm1(0.01))

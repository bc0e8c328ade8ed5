import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.testing import microseconds
from annt_prof.trace.instants import LIMIT_NS, nanoseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1712195495888791.123", 1712195495888791123),  # a double is off by up to 128 ns here
        (b"1695835542514261", 1695835542514261000),
        (b"4458676522690.655", 4458676522690655),
        (b"7.042", 7042),
        (b"7.5", 7500),
        (b"7.05", 7050),
        (b"0", 0),
        (b"0.0004", 0),
        (b"0.0005", 1),
        (b"0.12345678901234567", 123),
        (b"0.123456789012345678901234567890", 123),
        (b'"1712195495888791.123"', 1712195495888791123),
        (b'" 12 "', 12000),
        (b"-3.25", -3250),
        (b"-0.5", -500),
        (b"1.5e3", 1500000),
        (b"1712195495.888791123E6", 1712195495888791123),
    ],
)
def test_converts_each_way_of_writing(text, expected):
    assert nanoseconds([text]).tolist() == [expected]


def test_one_odd_text_does_not_disturb_its_neighbours():
    texts = [b"1.001", b"2", b"3e0", b"4.04"]
    assert nanoseconds(texts).tolist() == [1001, 2000, 3000, 4040]
    assert nanoseconds(texts[:2] + texts[3:]).tolist() == [1001, 2000, 4040]


def test_no_texts_give_an_empty_column():
    assert nanoseconds([]).shape == (0,)
    assert nanoseconds([]).dtype == np.int64


@pytest.mark.parametrize(
    "text",
    [b'"yesterday"', b"null", b"true", b"[]", b'""', b"1e999999999", b'"NaN"', b'"Infinity"',
     b"99999999999999999999", b"9223372036854776"],
)  # fmt: skip
def test_refuses_what_is_no_instant(text):
    shown = re.escape(text.strip(b'"').decode())
    with pytest.raises(ValueError, match=f"^{shown}$"):
        nanoseconds([b"1.000", text])


@given(st.lists(st.integers(0, LIMIT_NS - 1), min_size=1, max_size=30))
def test_gives_back_every_nanosecond(values):
    assert nanoseconds([microseconds(value).encode() for value in values]).tolist() == values


@given(
    st.lists(
        st.decimals(0, 10**15, allow_nan=False, places=None).map(lambda d: f"{d:f}"), min_size=1
    )
)
def test_rounds_half_up_whatever_the_number_of_decimals(texts):
    expected = [int((Decimal(text) * 1000).to_integral_value(ROUND_HALF_UP)) for text in texts]
    assert nanoseconds([text.encode() for text in texts]).tolist() == expected
    # The same through the slow path, which one exponent forces on the whole column.
    assert nanoseconds([b"1e0", *(text.encode() for text in texts)]).tolist()[1:] == expected


@given(st.integers(1, 16), st.integers(0, 4), st.lists(st.integers(0, 10**20), min_size=1))
def test_numbers_of_one_layout_are_read_like_any_others(whole, decimals, numbers):
    digits = [f"{number % 10 ** (whole + decimals):0{whole + decimals}}" for number in numbers]
    texts = [f"{d[:whole]}.{d[whole:]}" if decimals else d for d in digits]
    expected = [int((Decimal(t) * 1000).to_integral_value(ROUND_HALF_UP)) for t in texts]
    texts = [t for t, e in zip(texts, expected, strict=True) if e < LIMIT_NS]
    expected = [e for e in expected if e < LIMIT_NS]
    assert nanoseconds([text.encode() for text in texts]).tolist() == expected

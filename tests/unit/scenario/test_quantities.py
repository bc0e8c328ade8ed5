"""Numbers with units, exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.scenario import quantities
from annt_prof.scenario.budget_metrics import Dimension


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("42 ms", Dimension.TIME, 42_000_000),
        ("42ms", Dimension.TIME, 42_000_000),
        (" +0.1  us ", Dimension.TIME, 100),
        ("7. ns", Dimension.TIME, 7),
        (".5 s", Dimension.TIME, 500_000_000),
        ("900 samples/s", Dimension.RATE, 900),
        ("12 GiB", Dimension.MEMORY, 12 * 1024**3),
        ("1.5 KiB", Dimension.MEMORY, 1536),
        ("3 MiB", Dimension.MEMORY, 3 * 1024**2),
        ("7 B", Dimension.MEMORY, 7),
        ("0.8 J", Dimension.ENERGY, 0.8),
        ("0.1 mJ", Dimension.ENERGY, 0.0001),
        ("3 uJ", Dimension.ENERGY, 0.000003),
    ],
)
def test_a_quantity(text, dimension, expected):
    assert quantities.quantity(text, dimension) == expected


@given(st.integers(1, 10**9))
def test_thousandths_of_a_unit_are_exact(thousandths):
    whole, part = divmod(thousandths, 1000)
    assert quantities.quantity(f"{whole}.{part:03} ms", Dimension.TIME) == thousandths * 1000


@pytest.mark.parametrize(
    ("value", "expected"), [(0.97, 0.97), (2, 2), ("105 %", 1.05), ("105%", 1.05)]
)
def test_a_ratio(value, expected):
    assert quantities.ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.05, 0.05), (1, 1), ("5 %", 0.05), ("100.0 %", 1)]
)
def test_a_share(value, expected):
    assert quantities.share(value) == expected


TIMES = "allowed: ns, us, ms, s"
SUCH_AS = "allowed: a quantity such as 42 ms"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (42, f"found 42: missing unit; {TIMES}"),
        (4.5, f"found 4.5: missing unit; {TIMES}"),
        ("42", f'found the string "42": missing unit; {TIMES}'),
        ("42 GiB", f'found the string "42 GiB": unknown unit "GiB"; {TIMES}'),
        ("42 MS", f'found the string "42 MS": unknown unit "MS"; {TIMES}'),
        ("42 \x1b", rf'found the string "42 \u001b": unknown unit "\x1b"; {TIMES}'),
        ("0 ms", 'found the string "0 ms"; allowed: more than 0'),
        ("-0.0 ms", 'found the string "-0.0 ms"; allowed: more than 0'),
        ("-1 ms", 'found the string "-1 ms"; allowed: more than 0'),
        ("nan ms", 'found the string "nan ms"; allowed: a finite number'),
        ("-.INF ms", 'found the string "-.INF ms"; allowed: a finite number'),
        ("Infinity", 'found the string "Infinity"; allowed: a finite number'),
        ("ms", f'found the string "ms"; {SUCH_AS}'),
        ("1e3 ms", f'found the string "1e3 ms": unknown unit "e3 ms"; {TIMES}'),
        ("1,000 ms", f'found the string "1,000 ms"; {SUCH_AS}'),
        ("1 000 ms", f'found the string "1 000 ms"; {SUCH_AS}'),
        ("", f'found the string ""; {SUCH_AS}'),
        (True, f"found true; {SUCH_AS}"),
        (None, f"found nothing (null); {SUCH_AS}"),
        (["1 ms"], f"found a list; {SUCH_AS}"),
        ("1" * 40 + " ms", f'found the string "{"1" * 40} ms"; {SUCH_AS}'),
    ],
)
def test_what_is_no_time(value, message):
    with pytest.raises(ValueError, match="found") as caught:
        quantities.quantity(value, Dimension.TIME)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (quantities.ratio, 0, "found 0; allowed: more than 0"),
        (quantities.ratio, -0.5, "found -0.5; allowed: more than 0"),
        (quantities.ratio, "0 %", 'found the string "0 %"; allowed: more than 0'),
        (quantities.ratio, True, "found true; allowed: a quantity such as 0.97 or 97 %"),
        (
            quantities.ratio,
            "0.97",
            'found the string "0.97"; allowed: a number or %, such as 0.97 or 97 %',
        ),
        (quantities.share, "100.1 %", 'found the string "100.1 %"; allowed: at most 100 % (as'),
        (quantities.share, 5, "found 5; allowed: at most 100 % (as a number, 1)"),
        (quantities.positive, "3", 'found the string "3"; allowed: a number'),
        (lambda value: quantities.whole(value, 0), 1.5, "found 1.5; allowed: a whole number"),
        (lambda value: quantities.whole(value, 0), False, "found false; allowed: a whole number"),
        (lambda value: quantities.whole(value, 0), -1, "found -1; allowed: at least 0"),
        (lambda value: quantities.whole(value, 1), 0, "found 0; allowed: at least 1"),
    ],
)
def test_what_is_no_ratio_share_or_count(check, value, message):
    with pytest.raises(ValueError, match="found") as caught:
        check(value)
    assert str(caught.value).startswith(message)

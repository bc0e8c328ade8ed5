"""Numbers with a unit, such as ``42 ms`` or ``5 %``, to numbers in the unit of their dimension.

What is wrong with one is a ``ValueError`` that says what was found and what is allowed.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from annt_prof.scenario.budget_metrics import Dimension
from annt_prof.scenario.wording import describe
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

UNITS: Mapping[Dimension, Mapping[str, Fraction]] = {
    Dimension.TIME: {
        "ns": Fraction(1),
        "us": Fraction(1_000),
        "ms": Fraction(1_000_000),
        "s": Fraction(1_000_000_000),
    },
    Dimension.RATE: {"samples/s": Fraction(1)},
    Dimension.MEMORY: {
        "B": Fraction(1),
        "KiB": Fraction(1024),
        "MiB": Fraction(1024**2),
        "GiB": Fraction(1024**3),
    },
    Dimension.ENERGY: {"uJ": Fraction(1, 1_000_000), "mJ": Fraction(1, 1_000), "J": Fraction(1)},
}
"""What each unit is in the one that limits of its dimension are kept in."""

EXAMPLES: Mapping[Dimension, str] = {
    Dimension.TIME: "42 ms",
    Dimension.RATE: "900 samples/s",
    Dimension.MEMORY: "12 GiB",
    Dimension.ENERGY: "0.8 J",
    Dimension.SHARE: "60 %",
    Dimension.COUNT: "0",
}

LONGEST = 40
"""Characters of a quantity; nothing is measured to more digits."""

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?P<unit> *[^0-9., ].*)?")
_NOT_FINITE = re.compile(r"[+-]?\.?(?:inf|infinity|nan)\b.*", re.IGNORECASE)


def quantity(value: object, dimension: Dimension) -> float:
    """Return a positive quantity in the unit of its dimension: ns, samples/s, bytes or joules.

    Args:
        value: As YAML has it.
        dimension: One of ``UNITS``.

    Raises:
        ValueError: No number with an allowed unit, or none above 0.
    """
    units = UNITS[dimension]
    allowed = ", ".join(units)
    if _is_number(value):
        raise ValueError(f"found {describe(value)}: missing unit; allowed: {allowed}")
    number, unit = _split(value, EXAMPLES[dimension])
    if not unit:
        raise ValueError(f"found {describe(value)}: missing unit; allowed: {allowed}")
    if unit not in units:
        shown = printable(unit)
        raise ValueError(f'found {describe(value)}: unknown unit "{shown}"; allowed: {allowed}')
    return float(_above_0(number, value) * units[unit])


def positive(value: object) -> float:
    """Return a number above 0.

    Raises:
        ValueError: It is none.
    """
    if not _is_number(value):
        raise ValueError(f"found {describe(value)}; allowed: a number")
    return float(_above_0(Fraction(value), value))


def ratio(value: object) -> float:
    """Return a positive ratio, from ``0.97`` or ``97 %``.

    Raises:
        ValueError: It is neither.
    """
    return _number_or_percent(value, "0.97 or 97 %")


def share(value: object) -> float:
    """Return a share of something, more than 0 and at most 1, from ``0.05`` or ``5 %``.

    Raises:
        ValueError: It is neither.
    """
    fraction = _number_or_percent(value, "5 % or 0.05")
    if fraction > 1:
        raise ValueError(f"found {describe(value)}; allowed: at most 100 % (as a number, 1)")
    return fraction


def whole(value: object, least: int) -> int:
    """Return a whole number of at least ``least``.

    Raises:
        ValueError: It is none.
    """
    if not _is_number(value) or value != int(value):
        raise ValueError(f"found {describe(value)}; allowed: a whole number")
    if value < least:
        raise ValueError(f"found {describe(value)}; allowed: at least {least}")
    return int(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_or_percent(value: object, example: str) -> float:
    if _is_number(value):
        return positive(value)
    number, unit = _split(value, example)
    if unit != "%":
        raise ValueError(f"found {describe(value)}; allowed: a number or %, such as {example}")
    return float(_above_0(number, value) / 100)


def _split(value: object, example: str) -> tuple[Fraction, str]:
    """Return a string's number and its unit, which may be empty."""
    text = value.strip() if isinstance(value, str) else ""
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"found {describe(value)}; allowed: a finite number")
    parts = _QUANTITY.fullmatch(text)
    if parts is None or len(text) > LONGEST:
        raise ValueError(f"found {describe(value)}; allowed: a quantity such as {example}")
    return Fraction(parts["number"]), (parts["unit"] or "").strip()


def _above_0(number: Fraction, value: object) -> Fraction:
    if number <= 0:
        raise ValueError(f"found {describe(value)}; allowed: more than 0")
    return number

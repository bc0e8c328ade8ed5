"""Microseconds as text to integer nanoseconds, exactly."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LIMIT_NS = 2**62
"""Instants and durations of this size or more are taken as damage: 146 years."""

_MAX_WHOLE_DIGITS = 16  # microseconds since 1970 have 16
_MAX_DECIMALS = 17  # with the marker digit in front of them they still fit an int64
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)


def nanoseconds(texts: Sequence[bytes]) -> NDArray[np.int64]:
    """Convert JSON numbers, or strings holding numbers, of microseconds to nanoseconds.

    Anything finer than a nanosecond is rounded half up.

    Args:
        texts: As in the file.

    Returns:
        int64, shape (len(texts),).

    Raises:
        ValueError: A text is no number or out of range; it is the exception's argument.
    """
    if not texts:
        return np.zeros(0, np.int64)
    joined = b",".join(texts)
    converted = None
    if not joined.translate(None, b"0123456789.,"):
        converted = _alike(joined, len(texts))
        if converted is None:
            converted = _plain(joined)
    if converted is None:
        return np.array([_convert(bytes(text)) for text in texts], np.int64)
    return converted


def is_instant(text: bytes) -> bool:
    """Tell whether ``nanoseconds`` can convert a text."""
    try:
        _convert(bytes(text))
    except ValueError:
        return False
    return True


def _alike(joined: bytes, num_texts: int) -> NDArray[np.int64] | None:
    """Convert numbers that have their digits and their dots in the same places, as most do.

    None where they have not, or have more digits than microseconds since 1970 to the nanosecond.
    """
    characters = np.frombuffer(joined + b",", np.uint8)
    if len(characters) % num_texts:
        return None
    rows = characters.reshape(num_texts, -1)
    length = rows.shape[1] - 1
    num_dots = joined.count(b".")
    dot = joined.find(b".") if num_dots else length
    decimals = max(length - 1 - dot, 0)
    if num_dots not in (0, num_texts) or not 0 < dot <= _MAX_WHOLE_DIGITS or decimals > 3:
        return None
    # As many commas and dots as rows: where each row has its own in one place there are no others.
    if (rows[:, -1] != ord(",")).any() or (num_dots and (rows[:, dot] != ord(".")).any()):
        return None
    padded = np.full((num_texts, _MAX_WHOLE_DIGITS), ord("0"), np.uint8)
    padded[:, _MAX_WHOLE_DIGITS - dot :] = rows[:, :dot]
    upper, lower = _eight_digits(padded.view("<u8")).T
    numbers: NDArray[np.int64] = upper * 10**8 + lower
    for place in range(dot + 1, dot + 4):
        numbers *= 10
        if place < length:
            numbers += rows[:, place] - ord("0")
    return None if upper.max() >= LIMIT_NS // 10**11 else numbers


def _eight_digits(texts: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Read each eight digits that lie in eight bytes, the first one in the lowest.

    Neighbours are added up in pairs, then pairs of pairs, all in one multiplication each.
    Source: D. Lemire, "Quickly parsing eight digits", 2018.
    """
    pairs = (texts & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    eights = (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
    return eights.astype(np.int64)


def _plain(joined: bytes) -> NDArray[np.int64] | None:
    """Convert numbers of digits and dots alone; None where they are too long for int64."""
    characters = np.frombuffer(joined + b",", np.uint8)
    ends = np.flatnonzero(characters == ord(","))
    dots = np.flatnonzero(characters == ord("."))
    starts = np.concatenate(([0], ends[:-1] + 1))
    owners = np.searchsorted(ends, dots)
    whole_ends = ends.copy()
    whole_ends[owners] = dots
    decimals = ends[owners] - dots - 1
    if (whole_ends - starts).max() > _MAX_WHOLE_DIGITS:
        return None
    if len(decimals) and decimals.max() > _MAX_DECIMALS:
        return None
    # A marker digit keeps the leading zeros of a fraction: 7.042 is read as 7 and 1042.
    numbers = np.fromstring(joined.replace(b".", b",1").decode(), np.int64, sep=",")
    has_dot = np.zeros(len(ends), np.int64)
    has_dot[owners] = 1
    positions = np.arange(len(ends)) + np.cumsum(has_dot) - has_dot
    whole = numbers[positions]
    if whole.max() >= LIMIT_NS // 1000:
        return None
    result: NDArray[np.int64] = whole * 1000
    fraction = numbers[positions[owners] + 1] - 10**decimals
    finer = 10 ** np.maximum(decimals - 3, 0)
    coarser = 10 ** np.maximum(3 - decimals, 0)
    result[owners] += (fraction * coarser + finer // 2) // finer
    return result


def _convert(text: bytes) -> int:
    content = text.strip().strip(b'"').strip().decode(errors="replace")
    try:
        number = Decimal(content, _CONTEXT)
    except InvalidOperation:
        raise ValueError(content) from None
    # The exponent is looked at first: 1e999999999 would be a very long integer.
    if not number.is_finite() or (number and number.adjusted() > _MAX_WHOLE_DIGITS):
        raise ValueError(content)
    result = int(_CONTEXT.to_integral_value(number.scaleb(3, _CONTEXT)))
    if abs(result) >= LIMIT_NS:
        raise ValueError(content)
    return result

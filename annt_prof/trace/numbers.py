"""The numbers of a trace as columns, in whichever dialect they are written."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np

from annt_prof.trace.columns import MISSING
from annt_prof.trace.document import Number
from annt_prof.trace.instants import LIMIT_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INT64_LIMIT = 2**63


def plain(written: msgspec.Raw) -> Number:
    """Return a plain value; None where there is none, or a list, which says nothing here."""
    try:
        value: Number = msgspec.json.decode(written, type=Number)
    except msgspec.DecodeError:
        return None
    return value


def percents(values: list[Number]) -> NDArray[np.float64]:
    """Return NaN for what is no percentage; kineto clips at 100, and writes 0 where it fails."""
    try:
        percents = np.array(array("d", cast("list[float]", values)))
    except (TypeError, OverflowError):
        told = (isinstance(value, int | float) and 0 < value <= 100 and value for value in values)
        percents = np.array([value or np.nan for value in told], np.float64)
    return np.where((percents > 0) & (percents <= 100), percents, np.nan)


def durations(values: list[Number]) -> tuple[NDArray[np.int64], int]:
    """Convert microseconds to ns, shape (n,), and count those taken as 0.

    Durations are short enough for a double: it holds 26 days to the nanosecond.
    """
    try:
        micros = np.array(array("d", cast("list[float]", values)))
    except (TypeError, OverflowError):
        micros = _micros(values)
    with np.errstate(over="ignore", invalid="ignore"):  # such durations are damaged: see below
        nanos = np.rint(micros * 1000)
    damaged = ~((nanos >= 0) & (nanos < LIMIT_NS))
    return np.where(damaged, 0, nanos).astype(np.int64), int(damaged.sum())


def _micros(values: list[Number]) -> NDArray[np.float64]:
    """Convert what is not all numbers; what is none becomes negative."""
    try:
        return np.array([0 if value is None else value for value in values], np.float64)
    except ValueError:
        return np.array([_float(value) for value in values], np.float64)


def _float(value: Number) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return -1.0


def identity(value: Number) -> int | str:
    """Return a number that names something, or the text that does."""
    if type(value) is int:
        return value
    number = integer(value)
    return str(value) if number is None else number


def integers(values: list[Number], missing: int = MISSING) -> NDArray[np.int64]:
    """Convert to shape (n,); what is no integer of 64 bits becomes ``missing``."""
    try:
        return np.array(array("q", cast("list[int]", values)))
    except (TypeError, OverflowError):
        return np.array([_limited(value, missing) for value in values], np.int64)


def _limited(value: Number, missing: int) -> int:
    number = integer(value)
    if number is None or not -_INT64_LIMIT < number < _INT64_LIMIT:
        return missing
    return number


def integer(value: Number) -> int | None:
    """Return what a number in any of the dialects says, or None."""
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value, 0) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None

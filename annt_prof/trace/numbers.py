"""The numbers of a trace as columns, in whichever dialect they are written."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec
import numpy as np

from annt_prof.trace.columns import MISSING
from annt_prof.trace.document import Number
from annt_prof.trace.instants import LIMIT_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INT64_LIMIT = 2**63


class Durations(NamedTuple):
    """How long events took.

    Attributes:
        ns: int64, shape (n,); 0 where it is impossible or cannot be read.
        readable: bool, shape (n,); false where nothing is told, or no number.
        num_clamped: Numbers that are negative or overflowing, and so taken as 0.
    """

    ns: NDArray[np.int64]
    readable: NDArray[np.bool_]
    num_clamped: int


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


def durations(values: list[Number]) -> Durations:
    """Convert microseconds to ns.

    Durations are short enough for a double: it holds 26 days to the nanosecond.
    """
    try:
        micros = np.array(array("d", cast("list[float]", values)))
    except (TypeError, OverflowError):
        micros = np.array([_float(value) for value in values], np.float64)
    readable = np.isfinite(micros)
    with np.errstate(over="ignore", invalid="ignore"):  # such durations are damaged: see below
        nanos = np.rint(micros * 1000)
    possible = (nanos >= 0) & (nanos < LIMIT_NS)
    return Durations(
        np.where(possible, nanos, 0).astype(np.int64), readable, int((readable & ~possible).sum())
    )


def _float(value: Number) -> float:
    """Convert what is not all numbers; what tells nothing becomes NaN."""
    try:
        return np.nan if value is None else float(value)
    except ValueError:
        return np.nan
    except OverflowError:
        return np.finfo(np.float64).max


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

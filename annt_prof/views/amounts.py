"""Amounts of time per sample with their intervals, as every face shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount


class AmountView(msgspec.Struct, frozen=True):
    """An amount of time per sample.

    Attributes:
        ns: The amount itself.
        low_ns, high_ns: 95 % interval over launches; None, both, where there is none.
        duration_decimals: Of all three, in milliseconds.
    """

    ns: int
    low_ns: int | None
    high_ns: int | None
    duration_decimals: int


class SavingView(msgspec.Struct, frozen=True):
    """What is saved or lost, never a negative amount of it.

    Attributes:
        saves: Whether it is saved.
    """

    saves: bool
    amount: AmountView


def build_amount_view(amount: Amount) -> AmountView:
    """Return an amount as it is, negative or not."""
    return _shown(amount.ns, amount.low_ns, amount.high_ns)


def build_saving_view(amount: Amount) -> SavingView:
    """Return a saving with its direction told apart."""
    saves = amount.ns >= 0
    return SavingView(saves, build_amount_view(amount) if saves else turned(amount))


def turned(amount: Amount) -> AmountView:
    """Return what is lost where the amount is what is saved, and the other way round."""
    low_ns = None if amount.high_ns is None else -amount.high_ns
    high_ns = None if amount.low_ns is None else -amount.low_ns
    return _shown(-amount.ns, low_ns, high_ns)


def _shown(ns: int, low_ns: int | None, high_ns: int | None) -> AmountView:
    if low_ns is None or high_ns is None:
        return AmountView(ns, None, None, units.duration_decimals([ns]))
    return AmountView(ns, low_ns, high_ns, units.duration_decimals([ns, low_ns, high_ns]))

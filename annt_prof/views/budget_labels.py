"""What budgets are called where there is no room for all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.check.result import Checked


def labels(checked: Sequence[Checked]) -> list[str]:
    """Return a name for each budget: its metric, and as much as tells it from the others."""
    named = [each.budget.metric for each in checked]
    for told in (_whose, _to_what, _how, _what):
        alike = {label for label, number in Counter(named).items() if number > 1}
        named = [
            f"{label}{told(each)}" if label in alike else label
            for label, each in zip(named, checked, strict=True)
        ]
    return named


def _whose(checked: Checked) -> str:
    return f" of {checked.variant}"


def _to_what(checked: Checked) -> str:
    return "" if checked.budget.to is None else f" to {checked.budget.to.text}"


def _how(checked: Checked) -> str:
    return f", {checked.budget.kind.value}"


def _what(checked: Checked) -> str:
    return f" {checked.budget.text}"

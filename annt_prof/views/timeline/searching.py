"""What is said of a search."""

from __future__ import annotations

from annt_prof import units


def found(wanted: str, num_items: int) -> str:
    """Return how many items have a name with these words."""
    if not num_items:
        return f"no item that is drawn has {wanted!r} in its name"
    return f"{units.count(num_items, 'item')} with {wanted!r}: n goes to the next, N back"

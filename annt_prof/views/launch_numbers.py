"""The number by which people are told of a launch."""

from __future__ import annotations


def launch_number(launch: int) -> int:
    """Return a launch's number from 1, as rounds have theirs; records count launches from 0."""
    return launch + 1

"""A dashboard that a test drives: waiting for what threads bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App
    from textual.pilot import Pilot

_MOST_PAUSES = 600
_PAUSE_S = 0.05


async def settled(app: App[None], pilot: Pilot[None]) -> None:
    """Wait until no thread works and all that they brought is shown."""
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(_MOST_PAUSES):
        if true():
            return
        await pilot.pause(_PAUSE_S)
    raise AssertionError("it never became so")

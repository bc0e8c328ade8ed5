"""Driving a dashboard without a terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from annt_prof.tui.app import Dashboard
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.sheet_block import SheetBlock
from driven import settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

    from annt_prof.views.screens.source import Source


def drive(
    source: Source | None,
    act: Callable[[Dashboard, Pilot[None]], Awaitable[None]],
    settings: Settings | None = None,
    size: tuple[int, int] = (120, 40),
) -> None:
    """Open a dashboard, act on it, and close it; what it raises is raised."""

    async def run() -> None:
        app = Dashboard(source, settings or Settings())
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await act(app, pilot)

    asyncio.run(run())


def screen_text(app: Dashboard) -> str:
    """Return what is on the screen, as one reads it."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()  # there is no public way to it
    assert width
    assert height
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def said(app: Dashboard) -> str:
    """Return the same on one line, for sentences that are broken over several."""
    return " ".join(screen_text(app).split())


def sheet(app: Dashboard, key: str) -> SheetBlock:
    """Return the table of that key."""
    return next(each for each in app.screen.query(SheetBlock) if each.sheet.key == key)


def column(app: Dashboard, key: str, place: int = 0) -> list[str]:
    """Return the cells of a table's column as they are shown, from top to bottom."""
    table = sheet(app, key).table
    return [table.get_row_at(row)[place].plain for row in range(table.row_count)]

"""Prose: its labels are whole and stand apart from what they are of."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult

from annt_prof.tui.widgets.lines_block import LinesBlock
from annt_prof.views.page import Lines, Said

LONG = "queue, temporal, kernels, critical_path"


class Shown(App[None]):
    def __init__(self, block: Lines) -> None:
        super().__init__()
        self.block = LinesBlock(block)

    def compose(self) -> ComposeResult:
        yield self.block

    def on_mount(self) -> None:
        self.block.styles.height = "auto"

    def lines(self) -> list[str]:
        height = self.block.size.height
        strips = (self.block.render_line(y) for y in range(height))
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def shown(block: Lines, after: Lines | None = None) -> list[str]:
    """Return the lines that are drawn, after another value took the place of the first."""

    async def run() -> list[str]:
        app = Shown(block)
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            if after is not None:
                app.block.lay_out(after)
                await pilot.pause()
            return app.lines()

    return asyncio.run(run())


def told(*labels: str) -> Lines:
    return Lines("parts", "", tuple(Said("not in this trace", label) for label in labels))


@pytest.mark.parametrize("label", ["a" * 13, LONG])
def test_a_label_that_is_wider_than_its_column_has_a_line_of_its_own(label: str) -> None:
    assert shown(told("memory", label, "idle")) == [
        "memory       not in this trace",
        label,
        "             not in this trace",
        "idle         not in this trace",
    ]


def test_a_label_that_fills_its_column_stays_beside_its_text() -> None:
    assert shown(told("a" * 12)) == [f"{'a' * 12} not in this trace"]


def test_a_wide_label_that_takes_a_short_ones_place_has_the_room_it_needs() -> None:
    assert shown(told("memory"), told(LONG)) == [LONG, "             not in this trace"]

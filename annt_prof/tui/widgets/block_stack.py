"""Blocks one below the other, each in a widget that stays while its block does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from annt_prof.tui.widgets.blocks import lay_out, make_widget

if TYPE_CHECKING:
    from textual.widget import Widget

    from annt_prof.views.page import Block


class BlockStack(VerticalScroll):
    """Shows blocks; the arrow keys scroll them where it has the focus."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as Textual has it
        super().__init__(id=id, classes=classes)
        self._shown: dict[str, tuple[type[Block], Widget]] = {}

    def show_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Show blocks, in widgets that are there already where there are any."""
        wanted = {block.key: type(block) for block in blocks}
        for key, (kind, widget) in list(self._shown.items()):
            if wanted.get(key) is not kind:
                widget.remove()
                del self._shown[key]
        before: Widget | None = None
        for block in blocks:
            if block.key in self._shown:
                widget = self._shown[block.key][1]
                lay_out(widget, block)
            else:
                widget = make_widget(block)
                self._shown[block.key] = (type(block), widget)
                self.mount(widget, after=before) if before else self.mount(widget, before=0)
            before = widget

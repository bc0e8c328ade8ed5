"""What Textual draws by itself, without blocks and lines: for fonts that lack them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App


class _PlainScrollBar(ScrollBarRender):
    """A scroll bar whose ends are whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def draw_with_ascii(app: App[Any]) -> None:
    """Have scroll bars and, by the stylesheet's ``-ascii-only``, borders drawn with ASCII."""
    ScrollBar.renderer = _PlainScrollBar
    app.add_class("-ascii-only")

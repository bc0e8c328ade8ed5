"""How tones and categories look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from annt_prof.text import printable
from annt_prof.views.page import Tone
from annt_prof.views.palette import LOOKS, UNKNOWN

if TYPE_CHECKING:
    from annt_prof.views.palette import Look

_STYLES = {
    Tone.PLAIN: Style(),
    Tone.QUIET: Style(dim=True),
    Tone.STRONG: Style(bold=True),
    Tone.GOOD: Style(color="green", bold=True),
    Tone.BAD: Style(color="red", bold=True),
    Tone.UNSURE: Style(color="yellow"),
}


def toned(text: str, tone: Tone = Tone.PLAIN) -> Text:
    """Return text from anywhere as data: no markup is read in it, no control character acts."""
    return Text(printable(text), _STYLES[tone])


def look_of(name: str) -> Look:
    """Return what a category is drawn in; what is none has a look of its own."""
    return LOOKS.get(name, UNKNOWN)


def filled(name: str, cells: int) -> Text:
    """Return so many cells of a category, each with its letter on its colour."""
    look = look_of(name)
    return Text(look.glyph * cells, Style(color=look.ink, bgcolor=look.colour))

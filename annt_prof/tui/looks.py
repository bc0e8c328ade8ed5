"""How tones and categories look in a terminal."""

from __future__ import annotations

import os
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
# Where colours are not wanted Textual turns them to greys, and a dark one to a grey that is as dark
# as what is behind it: what has no colour is drawn in the theme's, which is readable as a grey too.
_COLOURLESS = _STYLES | {
    Tone.GOOD: Style(bold=True, italic=True),
    Tone.BAD: Style(bold=True, underline=True),
    Tone.UNSURE: Style(italic=True),
}


def style_of(tone: Tone) -> Style:
    """Return how a tone looks: by its colour, and without any where ``NO_COLOR`` is set."""
    # Whatever its value: that is how Textual reads it.
    return (_COLOURLESS if "NO_COLOR" in os.environ else _STYLES)[tone]


def toned(text: str, tone: Tone = Tone.PLAIN) -> Text:
    """Return text from anywhere as data: no markup is read in it, no control character acts."""
    return Text(printable(text), style_of(tone))


def look_of(name: str) -> Look:
    """Return what a category is drawn in; what is none has a look of its own."""
    return LOOKS.get(name, UNKNOWN)


def filled(name: str, cells: int) -> Text:
    """Return so many cells of a category, each with its letter on its colour."""
    look = look_of(name)
    return Text(look.glyph * cells, Style(color=look.ink, bgcolor=look.colour))

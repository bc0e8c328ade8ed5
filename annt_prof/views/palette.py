"""How each category of a breakdown is told apart: one colour and one letter, in every face."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Mapping


class Look(NamedTuple):
    """What a category is drawn in.

    Attributes:
        colour: sRGB as ``#RRGGBB``.
        glyph: One letter of ASCII, for what shows no colours.
    """

    colour: str
    glyph: str

    @property
    def ink(self) -> str:
        """Black or white, whichever contrasts more with the colour.

        Source: WCAG 2.2, relative luminance, with the sRGB curve taken as a square.
        """
        red, green, blue = (int(self.colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        luminance = 0.2126 * red**2 + 0.7152 * green**2 + 0.0722 * blue**2
        return "#000000" if luminance > 0.18 else "#FFFFFF"


LOOKS: Mapping[str, Look] = {
    Category.DATA_LOADING: Look("#E69F00", "d"),
    Category.H2D_COPY: Look("#F0E442", "h"),
    Category.OTHER_COPY: Look("#B8AD1F", "c"),
    Category.FORWARD: Look("#56B4E9", "f"),
    Category.BACKWARD: Look("#0072B2", "b"),
    Category.GRAD_SCALING: Look("#E3B7D2", "g"),
    Category.GRAD_CLIPPING: Look("#8C3F6B", "k"),
    Category.OPTIMIZER: Look("#009E73", "o"),
    Category.ZERO_GRAD: Look("#8FD3BF", "z"),
    Category.COMMUNICATION: Look("#CC79A7", "m"),
    Category.HOST_BOUND: Look("#D55E00", "H"),
    Category.QUEUED: Look("#F2A97E", "q"),
    Category.SYNC: Look("#7A2E00", "S"),
    Category.UNATTRIBUTED: Look("#999999", "u"),
}
"""By category. Okabe and Ito's colours, which people with colour-vision deficiencies can tell
apart, and darker or lighter kin for the rare categories.

Source: jfly.uni-koeln.de/color.
"""

UNKNOWN = Look("#CCCCCC", "?")
"""Of what is no category."""

_COLOURS = (
    "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2", "#999999",
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def series_look(place: int) -> Look:
    """Return what a curve is drawn in: eight colours again and again, and letters that go on.

    Args:
        place: Of the curve, from 0.
    """
    return Look(_COLOURS[place % len(_COLOURS)], _LETTERS[place % len(_LETTERS)])

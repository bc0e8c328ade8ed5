"""Every category has one look, and the faces draw it in that one."""

import subprocess
import sys

import pytest
from rich.color import Color
from rich.style import Style

from annt_prof.categories import Category
from annt_prof.views.palette import LOOKS, UNKNOWN, Look


def test_every_category_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == set(Category)
    looks = [*LOOKS.values(), UNKNOWN]
    assert len({look.colour for look in looks}) == len({look.glyph for look in looks}) == len(looks)
    assert all(len(look.glyph) == 1 and look.glyph.isascii() for look in looks)


@pytest.mark.parametrize("look", [*LOOKS.values(), UNKNOWN])
def test_colours_are_what_every_face_reads(look: Look) -> None:
    drawn = Style.parse(f"{look.ink} on {look.colour}")
    assert drawn.bgcolor == Color.parse(look.colour.lower())


@pytest.mark.parametrize(
    ("colour", "ink"),
    [
        ("#F0E442", "#000000"),
        ("#0072B2", "#FFFFFF"),
        ("#7A2E00", "#FFFFFF"),
        ("#ffffff", "#000000"),
    ],
)
def test_ink_contrasts(colour: str, ink: str) -> None:
    assert Look(colour, "x").ink == ink


def test_the_palette_needs_no_library_of_a_face() -> None:
    code = (
        "import sys, annt_prof.views.palette\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'rich', 'textual', 'PIL'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

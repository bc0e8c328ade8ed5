"""The breakdowns of all variants as one picture of stacked bars."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from annt_prof import units
from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.breakdown import MeanBreakdown
    from annt_prof.runs.record import VariantRecord

# Okabe and Ito's colours, which people with colour-vision deficiencies can tell apart, and darker
# or lighter kin for the rare categories. Source: jfly.uni-koeln.de/color.
COLOURS = {
    Category.DATA_LOADING: "#E69F00",
    Category.H2D_COPY: "#F0E442",
    Category.OTHER_COPY: "#B8AD1F",
    Category.FORWARD: "#56B4E9",
    Category.BACKWARD: "#0072B2",
    Category.GRAD_SCALING: "#E3B7D2",
    Category.GRAD_CLIPPING: "#8C3F6B",
    Category.OPTIMIZER: "#009E73",
    Category.ZERO_GRAD: "#8FD3BF",
    Category.COMMUNICATION: "#CC79A7",
    Category.HOST_BOUND: "#D55E00",
    Category.SYNC: "#7A2E00",
    Category.UNATTRIBUTED: "#999999",
}

_WIDTH = 1000
_MARGIN = 24
_LINE = 30
_BAR = 44
_BLOCK = _BAR + _LINE + 18
_LEGEND_COLUMNS = 3
_INK, _PALE_INK, _PAPER, _GRID = "#1a1a1a", "#555555", "#ffffff", "#dddddd"


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its size in pixels."""

    png: bytes
    width: int
    height: int


def draw(variants: Sequence[VariantRecord]) -> Picture | None:
    """Draw the breakdown of every traced variant on one scale, or None where there is none."""
    traced = [(v, v.breakdown) for v in variants if v.breakdown is not None]
    if not traced:
        return None
    shown = _shown([mean for _, mean in traced])
    legend_lines = -(-len(shown) // _LEGEND_COLUMNS)
    bars_top = _MARGIN + 2 * _LINE + legend_lines * _LINE + 16
    height = bars_top + len(traced) * _BLOCK + _LINE + _MARGIN
    image = Image.new("RGB", (_WIDTH, height), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((_MARGIN, _MARGIN), "Traced step by category", _INK, font=_font(26))
    about = "mean wall time of one iteration under the profiler"
    pen.text((_MARGIN, _MARGIN + _LINE + 4), about, _PALE_INK, font=_font(18))
    _legend(pen, shown, _MARGIN + 2 * _LINE + 8)
    longest_ns = max(mean.step_ns for _, mean in traced) or 1
    _axis(pen, longest_ns, bars_top, height - _MARGIN - _LINE)
    for index, (variant, mean) in enumerate(traced):
        _block(pen, variant, mean, bars_top + index * _BLOCK, longest_ns)
    encoded = io.BytesIO()
    image.save(encoded, "PNG", optimize=True)
    return Picture(encoded.getvalue(), _WIDTH, height)


def _shown(means: Sequence[MeanBreakdown]) -> list[Category]:
    return [c for c in Category if any(mean.by_category_ns.get(c) for mean in means)]


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _legend(pen: ImageDraw.ImageDraw, shown: Sequence[Category], top: int) -> None:
    column = (_WIDTH - 2 * _MARGIN) // _LEGEND_COLUMNS
    for index, category in enumerate(shown):
        left = _MARGIN + index % _LEGEND_COLUMNS * column
        line_top = top + index // _LEGEND_COLUMNS * _LINE
        pen.rectangle((left, line_top + 3, left + 20, line_top + 23), COLOURS[category], _INK)
        pen.text((left + 30, line_top), category, _INK, font=_font(20))


def _axis(pen: ImageDraw.ImageDraw, longest_ns: int, top: int, bottom: int) -> None:
    """Draw grid lines at round numbers of milliseconds, with their figures below."""
    tick_ns = tick(longest_ns)
    for index in range(longest_ns // tick_ns + 1):
        x = _x(index * tick_ns, longest_ns)
        pen.line((x, top, x, bottom), _GRID)
        figure = f"{index * tick_ns / units.NS_PER_MS:g}"
        last = index == longest_ns // tick_ns
        pen.text((x, bottom + 4), f"{figure} ms" if last else figure, _PALE_INK, _font(18), "ma")


def tick(longest_ns: int) -> int:
    """Return the distance of grid lines in nanoseconds: 1, 2 or 5 times a power of ten.

    At most seven lines follow the one at 0.
    """
    power: int = 10 ** max(0, len(str(longest_ns)) - 2)
    return next(power * n for n in (1, 2, 5, 10, 20) if longest_ns <= 7 * power * n)


def _block(
    pen: ImageDraw.ImageDraw, variant: VariantRecord, mean: MeanBreakdown, top: int, longest_ns: int
) -> None:
    """Draw one variant: its name and step time, and the bar under them."""
    font = _font(20)
    pen.rectangle((0, top, _WIDTH, top + _LINE - 2), _PAPER)  # grid lines end at the words
    pen.text((_MARGIN, top), _fitted(pen, variant.name, 420), _INK, font=font)
    pen.text((_WIDTH - _MARGIN, top), _caption(variant, mean), _PALE_INK, _font(18), "ra")
    bar_top, bar_bottom, begin_ns = top + _LINE, top + _LINE + _BAR, 0
    for category in Category:
        duration_ns = mean.by_category_ns.get(category, 0)
        if not duration_ns:
            continue
        left, right = _x(begin_ns, longest_ns), _x(begin_ns + duration_ns, longest_ns)
        begin_ns += duration_ns
        pen.rectangle((left, bar_top, max(left, right - 1), bar_bottom), COLOURS[category])
        label = units.milliseconds(duration_ns, units.duration_decimals([mean.step_ns]))
        if pen.textlength(label, font=font) + 8 <= right - left:
            middle = ((left + right) / 2, (bar_top + bar_bottom) / 2)
            pen.text(middle, label, _ink_on(COLOURS[category]), font, "mm")


def _caption(variant: VariantRecord, mean: MeanBreakdown) -> str:
    parts = [f"traced {units.duration(mean.step_ns)}"]
    if variant.step_time is not None:
        parts.append(f"timed {units.duration(variant.step_time.median)}")
    if variant.samples_per_iteration:
        parts.append(units.count(variant.samples_per_iteration, "sample"))
    return ", ".join(parts)


def _x(offset_ns: int, longest_ns: int) -> int:
    return _MARGIN + round(offset_ns / longest_ns * (_WIDTH - 2 * _MARGIN))


def _fitted(pen: ImageDraw.ImageDraw, name: str, width: int) -> str:
    """Return the name on one line, cut to the width."""
    text = " ".join(name.split())
    if pen.textlength(text, font=_font(20)) <= width:
        return text
    while text and pen.textlength(f"{text}...", font=_font(20)) > width:
        text = text[:-1]
    return f"{text}..."


def _ink_on(colour: str) -> str:
    """Return black or white, whichever contrasts more.

    Source: WCAG 2.2, relative luminance, with the sRGB curve taken as a square.
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    luminance = 0.2126 * red**2 + 0.7152 * green**2 + 0.0722 * blue**2
    return "#000000" if luminance > 0.18 else "#ffffff"

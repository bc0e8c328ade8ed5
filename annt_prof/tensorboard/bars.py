"""The breakdowns of all variants as one picture of stacked bars."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from annt_prof import units
from annt_prof.views.palette import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.categories import Category
    from annt_prof.views.breakdown_view import BreakdownView, VariantBreakdown
    from annt_prof.views.step_parts import StepParts

# TensorBoard shows a picture some 350 pixels wide and 250 high until it is clicked, so the letters
# are large for its size and its shape is near 4:3 with four variants.
_WIDTH = 720
_MARGIN = 18
_LINE = 30
_BAR = 38
_BLOCK = _LINE + _BAR + 12
_LEGEND_COLUMNS = 3
_INK, _PALE_INK, _PAPER, _GRID = "#1a1a1a", "#444444", "#ffffff", "#dddddd"


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its size in pixels."""

    png: bytes
    width: int
    height: int


def draw(view: BreakdownView) -> Picture | None:
    """Draw the breakdown of every traced variant on one scale, or None where there is none."""
    if not view.variants:
        return None
    bars_top = _MARGIN + 2 * _LINE + -(-len(view.filled) // _LEGEND_COLUMNS) * _LINE + 12
    bottom = bars_top + len(view.variants) * _BLOCK
    image = Image.new("RGB", (_WIDTH, bottom + _LINE + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((_MARGIN, _MARGIN - 6), "Traced step by category", _INK, font=_font(28))
    pen.text((_MARGIN, _MARGIN + _LINE - 4), _subtitle(view), _PALE_INK, font=_font(20))
    _legend(pen, view.filled, _MARGIN + 2 * _LINE + 2)
    longest_ns = view.scale.longest_step_ns or 1
    _axis(pen, longest_ns, bars_top, bottom)
    for index, variant in enumerate(view.variants):
        top = bars_top + index * _BLOCK
        _words(pen, _label(variant, view), caption(variant), top)
        _bar(pen, variant.parts, top + _LINE, longest_ns)
    encoded = io.BytesIO()
    image.save(encoded, "PNG", optimize=True)
    return Picture(encoded.getvalue(), image.width, image.height)


def _subtitle(view: BreakdownView) -> str:
    sizes = view.batch_sizes
    of = f" of {units.count(sizes[0], 'sample')}" if len(sizes) == 1 else ""
    return f"mean wall time in ms of one iteration{of}, under the profiler"


def _label(variant: VariantBreakdown, view: BreakdownView) -> str:
    """Return the name, with the batch where variants differ in it: their steps are other work."""
    if len(view.batch_sizes) == 1:
        return variant.variant
    return f"{variant.variant} ({units.count(variant.samples_per_iteration, 'sample')})"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _legend(pen: ImageDraw.ImageDraw, shown: Sequence[Category], top: int) -> None:
    column = (_WIDTH - 2 * _MARGIN) // _LEGEND_COLUMNS
    for index, category in enumerate(shown):
        left = _MARGIN + index % _LEGEND_COLUMNS * column
        line_top = top + index // _LEGEND_COLUMNS * _LINE
        pen.rectangle((left, line_top + 4, left + 20, line_top + 24), LOOKS[category].colour, _INK)
        pen.text((left + 28, line_top + 1), category, _INK, font=_font(22))


def _axis(pen: ImageDraw.ImageDraw, longest_ns: int, top: int, bottom: int) -> None:
    """Draw grid lines at round numbers of milliseconds, with their figures below."""
    tick_ns = tick(longest_ns)
    for index in range(longest_ns // tick_ns + 1):
        x = _x(index * tick_ns, longest_ns)
        pen.line((x, top, x, bottom), _GRID)
        figure = units.tick(index * tick_ns)
        last = index == longest_ns // tick_ns
        pen.text((x, bottom + 4), f"{figure} ms" if last else figure, _PALE_INK, _font(20), "ma")


def tick(longest_ns: int) -> int:
    """Return the distance of grid lines in nanoseconds: 1, 2 or 5 times a power of ten.

    At most seven lines follow the one at 0.
    """
    power: int = 10 ** max(0, len(str(longest_ns)) - 2)
    return next(power * n for n in (1, 2, 5, 10, 20) if longest_ns <= 7 * power * n)


def _words(pen: ImageDraw.ImageDraw, label: str, caption: str, top: int) -> None:
    pen.rectangle((0, top, _WIDTH, top + _LINE - 2), _PAPER)  # grid lines end at the words
    pen.text((_WIDTH - _MARGIN, top + 2), caption, _PALE_INK, _font(20), "ra")
    room = _WIDTH - 3 * _MARGIN - pen.textlength(caption, font=_font(20))
    pen.text((_MARGIN, top), _fitted(pen, label, room), _INK, font=_font(22))


def _bar(pen: ImageDraw.ImageDraw, parts: StepParts, top: int, longest_ns: int) -> None:
    """Draw one stacked bar, with the milliseconds of each part that has room for them."""
    font, begin_ns = _font(22), 0
    for row in parts.rows:
        left, right = _x(begin_ns, longest_ns), _x(begin_ns + row.time_ns, longest_ns)
        begin_ns += row.time_ns
        pen.rectangle((left, top, max(left, right - 1), top + _BAR), LOOKS[row.category].colour)
        figure = units.milliseconds(row.time_ns, parts.duration_decimals)
        if pen.textlength(figure, font=font) + 8 <= right - left:
            middle = ((left + right) / 2, top + _BAR / 2)
            pen.text(middle, figure, LOOKS[row.category].ink, font, "mm")


def caption(variant: VariantBreakdown) -> str:
    """Say how long the traced step is, beside the timed one that it is compared with."""
    traced = f"{units.duration(variant.parts.step_ns)} traced"
    if variant.timed_ns is None:
        return traced
    where = " in mid-epoch" if variant.agreement and variant.agreement.mid_epoch else ""
    return f"{traced}, {units.duration(variant.timed_ns)} timed{where}"


def _x(offset_ns: int, longest_ns: int) -> int:
    return _MARGIN + round(offset_ns / longest_ns * (_WIDTH - 2 * _MARGIN))


def _fitted(pen: ImageDraw.ImageDraw, name: str, width: float) -> str:
    """Return the name on one line, cut to the width."""
    text = " ".join(name.split())
    if pen.textlength(text, font=_font(22)) <= width:
        return text
    while text and pen.textlength(f"{text}...", font=_font(22)) > width:
        text = text[:-1]
    return f"{text}..."

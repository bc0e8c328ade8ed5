"""What tones look like, with colours and where there are to be none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import Static

from annt_prof.tui.looks import style_of, toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from rich.style import Style

TONES = tuple(Tone)
READABLE = 4.5
"""Of a text's luminance to its background's. Source: WCAG 2.1, criterion 1.4.3."""


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        for tone in TONES:
            yield Static(toned(tone.value, tone))


def drawn(theme: str) -> dict[Tone, Style]:
    """Return the styles in which the terminal is told to draw each tone."""

    async def run() -> dict[Tone, Style]:
        app = Shown()
        app.theme = theme
        async with app.run_test(size=(40, 10)) as pilot:
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            firsts = [
                next(s for s in line if s.text.strip()).style for line in strips[: len(TONES)]
            ]
            return {tone: s for tone, s in zip(TONES, firsts, strict=True) if s is not None}

    return asyncio.run(run())


def contrast(style: Style) -> float:
    """Return how much brighter the one is than the other, from 1 to 21."""
    assert style.color is not None
    assert style.bgcolor is not None
    lights = sorted(_light(Color.from_rich_color(c)) for c in (style.color, style.bgcolor))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_without_colours_every_tone_is_readable(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    styles = drawn(theme)
    assert set(styles) == set(TONES)
    for tone, style in styles.items():
        assert contrast(style) > READABLE, (tone, style)


@pytest.mark.parametrize("value", ["1", ""])
def test_without_colours_a_tone_has_none_and_is_told_by_its_letters(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    styles = [style_of(tone) for tone in TONES]
    assert all(style.color is None and style.bgcolor is None for style in styles)
    assert len(set(styles)) == len(TONES)


def test_good_and_bad_have_colours_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert style_of(Tone.GOOD).color != style_of(Tone.BAD).color

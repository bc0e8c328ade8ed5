"""What is known of each technique, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof.report.text.lines import INDENT, bullets, heading, labelled, plain
from annt_prof.views.catalogue_view import BrokenEntry
from annt_prof.views.words import catalogue as words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from annt_prof.views.catalogue_view import TechniqueEntry


def catalogue(entries: Iterable[TechniqueEntry | BrokenEntry]) -> RenderableType:
    """Return a short entry for each technique; one whose plug-in fails says so instead."""
    parts: list[RenderableType] = []
    for technique in entries:
        parts += [*_short_entry(technique), Text()]
    parts.append(plain("annt-prof techniques NAME tells the whole of one.", "dim"))
    return Group(*parts)


def entry(technique: TechniqueEntry) -> RenderableType:
    """Return all that is known of one technique."""
    parts: list[RenderableType] = [heading(technique.name, technique.summary)]
    for title, text in technique.explanation:
        parts += [Text(), Text.assemble(plain(f"{title}: ", "bold"), plain(text))]
    parts += [Text(), plain("Facts", "bold"), labelled(words.facts(technique), INDENT)]
    if technique.options:
        parts += [Text(), plain("Options", "bold")]
        parts.append(bullets("-", map(words.option, technique.options)))
    if technique.pitfalls:
        parts += [Text(), plain("Pitfalls, looked for in every run", "bold")]
        parts.append(bullets("-", map(words.pitfall, technique.pitfalls)))
    return Group(*parts)


def _short_entry(technique: TechniqueEntry | BrokenEntry) -> Iterator[RenderableType]:
    yield heading(technique.name)
    if isinstance(technique, BrokenEntry):
        yield labelled([("broken", technique.error)], INDENT)
        return
    yield labelled([("changes", technique.summary)], INDENT)
    yield labelled(words.facts(technique), INDENT)

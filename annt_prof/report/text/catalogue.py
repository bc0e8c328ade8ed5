"""What is known of each technique, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof.report.text.lines import INDENT, bullets, heading, labelled, plain
from annt_prof.views.catalogue_view import BrokenEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from annt_prof.views.catalogue_view import OptionEntry, PitfallEntry, TechniqueEntry


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
    parts += [Text(), plain("Facts", "bold"), labelled(_facts(technique), INDENT)]
    if technique.options:
        parts += [Text(), plain("Options", "bold")]
        parts.append(bullets("-", (_option(option) for option in technique.options)))
    if technique.pitfalls:
        parts += [Text(), plain("Pitfalls, looked for in every run", "bold")]
        parts.append(bullets("-", (_pitfall(pitfall) for pitfall in technique.pitfalls)))
    return Group(*parts)


def _short_entry(technique: TechniqueEntry | BrokenEntry) -> Iterator[RenderableType]:
    yield heading(technique.name)
    if isinstance(technique, BrokenEntry):
        yield labelled([("broken", technique.error)], INDENT)
        return
    yield labelled([("changes", technique.summary)], INDENT)
    yield labelled(_facts(technique), INDENT)


def _facts(technique: TechniqueEntry) -> Iterator[tuple[str, str]]:
    yield "applies", _applies(technique.obstacle_on_cpu)
    yield "falls", ", ".join(technique.falls)
    if technique.may_fall:
        yield "may fall", ", ".join(technique.may_fall)
    if technique.may_rise:
        yield "may rise", ", ".join(technique.may_rise)
    yield "stays flat", ", ".join(technique.stays_flat)
    yield "bound", technique.bound
    yield "mathematics", technique.mathematics
    yield "source", technique.source


def _applies(obstacle_on_cpu: str | None) -> str:
    if obstacle_on_cpu is None:
        return "everywhere"
    return f"with an accelerator; on a CPU not: {obstacle_on_cpu}"


def _option(option: OptionEntry) -> str:
    return f"{option.name}: {option.description} Default: {option.default}."


def _pitfall(pitfall: PitfallEntry) -> str:
    key = f" ({pitfall.key})" if pitfall.key else ""
    return f"{pitfall.name}{key}: {pitfall.why}"

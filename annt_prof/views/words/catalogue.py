"""What is known of each technique, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.catalogue_view import OptionEntry, PitfallEntry, TechniqueEntry


_BRIEF = {
    "What it does": "does",
    "When it helps": "helps when",
    "When it does nothing": "no use when",
}


def parts(technique: TechniqueEntry) -> Iterator[tuple[str, str]]:
    """Yield each part of its explanation behind a label that is short enough to stand beside it."""
    for title, text in technique.explanation:
        yield _BRIEF.get(title, title), text


def facts(technique: TechniqueEntry) -> Iterator[tuple[str, str]]:
    """Yield a label and what is to be known of a technique before it is used."""
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


def option(entry: OptionEntry) -> str:
    """Say what an option is, with its default."""
    return f"{entry.name}: {entry.description} Default: {entry.default}."


def pitfall(entry: PitfallEntry) -> str:
    """Say how a technique goes wrong."""
    key = f" ({entry.key})" if entry.key else ""
    return f"{entry.name}{key}: {entry.why}"

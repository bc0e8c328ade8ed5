"""What is known of each technique, as one JSON document with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode
from annt_prof.views.catalogue_view import BrokenEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from annt_prof.techniques.technique import Mover
    from annt_prof.views.catalogue_view import OptionEntry, PitfallEntry, TechniqueEntry

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class SignatureDocument:
    """What a technique should do to a breakdown."""

    falls: tuple[Mover, ...]
    may_fall: tuple[Mover, ...]
    may_rise: tuple[Mover, ...]
    stays_flat: tuple[Mover, ...]
    bound: str


@dataclass(frozen=True)
class TechniqueDocument:
    """All that is known of one technique."""

    name: str
    summary: str
    explanation: Mapping[str, str]
    obstacle_on_cpu: str | None
    signature: SignatureDocument
    mathematics: str
    options: tuple[OptionEntry, ...]
    pitfalls: tuple[PitfallEntry, ...]
    source: str


@dataclass(frozen=True)
class CatalogueDocument:
    """The techniques that were asked for."""

    schema_version: int
    techniques: tuple[TechniqueDocument | BrokenEntry, ...]


def catalogue_document(entries: Iterable[TechniqueEntry | BrokenEntry]) -> bytes:
    """Return the techniques as indented UTF-8 JSON with a final line break."""
    return encode(CatalogueDocument(DOCUMENT_VERSION, tuple(map(_technique, entries))))


def _technique(technique: TechniqueEntry | BrokenEntry) -> TechniqueDocument | BrokenEntry:
    if isinstance(technique, BrokenEntry):
        return technique
    return TechniqueDocument(
        name=technique.name,
        summary=technique.summary,
        explanation=dict(technique.explanation),
        obstacle_on_cpu=technique.obstacle_on_cpu,
        signature=SignatureDocument(
            technique.falls,
            technique.may_fall,
            technique.may_rise,
            technique.stays_flat,
            technique.bound,
        ),
        mathematics=technique.mathematics,
        options=technique.options,
        pitfalls=technique.pitfalls,
        source=technique.source,
    )

"""Stored baselines as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from annt_prof.views.baseline_view import BaselineEntry, BaselineList, BaselineView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class BaselineListDocument:
    """Every baseline in a folder."""

    schema_version: int
    folder: str
    baselines: tuple[BaselineEntry, ...]


@dataclass(frozen=True)
class BaselineDocument:
    """The baselines that were asked for."""

    schema_version: int
    baselines: tuple[BaselineView, ...]


def baseline_list_document(view: BaselineList) -> bytes:
    """Return the baselines of a folder as indented UTF-8 JSON with a final line break."""
    return encode(BaselineListDocument(DOCUMENT_VERSION, view.folder, view.baselines))


def baseline_document(views: tuple[BaselineView, ...]) -> bytes:
    """Return all that is shown of baselines as indented UTF-8 JSON with a final line break."""
    return encode(BaselineDocument(DOCUMENT_VERSION, views))

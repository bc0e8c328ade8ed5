"""The known mistakes of a script, as one JSON document with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from annt_prof.inspection.rules import Mistake
    from annt_prof.inspection.seen import Seen
    from annt_prof.views.mistakes_view import MistakesView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class MistakesDocument:
    """One script: its exit status, its mistakes, what could not show, and the counts."""

    schema_version: int
    script: str
    status: int
    mistakes: tuple[Mistake, ...]
    not_judged: tuple[str, ...]
    seen: Seen


def mistakes_document(view: MistakesView) -> bytes:
    """Return what was seen of a script as indented UTF-8 JSON with a final line break."""
    return encode(
        MistakesDocument(
            schema_version=DOCUMENT_VERSION,
            script=view.script,
            status=view.status,
            mistakes=view.mistakes,
            not_judged=view.not_judged,
            seen=view.seen,
        )
    )

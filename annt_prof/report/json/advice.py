"""What every technique could save, as one JSON document with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.advice_view import AdviceView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class BoundsDocument:
    """Nanoseconds per iteration; null where a technique cannot act or no bound is known."""

    low: int | None
    high: int | None


@dataclass(frozen=True)
class TechniqueDocument:
    """One technique; ``share_of_step`` is a fraction below 1, or null without bounds.

    ``off_critical_path_ns`` is what the upper bound lacks, as it lies off the critical path; null
    where the path is not known.
    """

    name: str
    predicted_ns: BoundsDocument
    share_of_step: float | None
    basis: str
    off_critical_path_ns: int | None


@dataclass(frozen=True)
class AdviceDocument:
    """All of them, the largest bound first."""

    schema_version: int
    source: str
    step_ns: int
    calibrated: bool
    techniques: tuple[TechniqueDocument, ...]


def advice_document(view: AdviceView) -> bytes:
    """Return the predictions as indented UTF-8 JSON; nanoseconds per iteration."""
    return encode(
        AdviceDocument(
            schema_version=DOCUMENT_VERSION,
            source=view.source,
            step_ns=view.step_ns,
            calibrated=view.ceilings == "measured",
            techniques=tuple(_techniques(view)),
        )
    )


def _techniques(view: AdviceView) -> Iterator[TechniqueDocument]:
    for saving in view.predicted:
        bounds = BoundsDocument(saving.low_ns, saving.high_ns)
        yield TechniqueDocument(saving.name, bounds, saving.share, saving.basis, saving.off_path_ns)
    for technique in view.not_predicted:
        nothing = BoundsDocument(None, None)
        yield TechniqueDocument(technique.name, nothing, None, technique.reason, None)

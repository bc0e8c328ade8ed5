"""The ranks of a distributed run as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.breakdown import MeanDocument, StepDocument, mean_of, step_of
from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.ranks.ranks import Rank, Skew
    from annt_prof.analysis.ranks.waiting import Partners
    from annt_prof.categories import Category
    from annt_prof.views.ranks_view import RanksView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class RankDocument:
    """One process; transfer and waiting are null where none of its collectives could be paired."""

    rank: int
    source: str
    remarks: tuple[str, ...]
    num_collectives: int
    transfer_ns: int | None
    waiting_ns: int | None
    not_measured: Mapping[Category, str]
    steps: tuple[StepDocument, ...]
    mean: MeanDocument


@dataclass(frozen=True)
class RanksDocument:
    """All of them, in the order of their numbers."""

    schema_version: int
    remarks: tuple[str, ...]
    straggler: int | None
    late: tuple[int, ...]
    ranks: tuple[RankDocument, ...]
    skews: tuple[Skew, ...]
    partners: tuple[Partners, ...]
    unpaired: tuple[str, ...]


def ranks_document(view: RanksView) -> bytes:
    """Return the comparison as indented UTF-8 JSON; one entry of ``ranks`` per process."""
    return encode(
        RanksDocument(
            schema_version=DOCUMENT_VERSION,
            remarks=view.remarks,
            straggler=view.comparison.straggler,
            late=view.late,
            ranks=tuple(map(_rank, view.comparison.ranks)),
            skews=view.comparison.skews,
            partners=view.comparison.partners,
            unpaired=view.comparison.unpaired,
        )
    )


def _rank(rank: Rank) -> RankDocument:
    paired = rank.num_collectives > 0
    return RankDocument(
        rank=rank.rank,
        source=rank.source,
        remarks=rank.remarks,
        num_collectives=rank.num_collectives,
        transfer_ns=rank.transfer_ns if paired else None,
        waiting_ns=rank.waiting_ns if paired else None,
        not_measured=rank.breakdown.mean.not_measured,
        steps=tuple(map(step_of, rank.breakdown.steps)),
        mean=mean_of(rank.breakdown.mean),
    )

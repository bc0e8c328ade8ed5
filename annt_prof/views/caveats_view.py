"""What a reader must know before the figures: what is not as asked, and remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.conditions import not_as_asked
from annt_prof.scenario.effective import Substitution

if TYPE_CHECKING:
    from annt_prof.remarks import Remark
    from annt_prof.runs.record import Run


class RemarkRow(msgspec.Struct, frozen=True):
    """A remark, with whom it is about.

    Attributes:
        variants: Those it is about, in the run's order; empty where it is about the whole run.
        of_every: Whether these are all of several variants.
    """

    text: str
    variants: tuple[str, ...] = ()
    of_every: bool = False


class CaveatsView(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know.

    Attributes:
        not_as_asked: One sentence for each thing that is not as the scenario asks, what variants
            had to leave out among them.
        substitutions: What was replaced, by what.
        overrides_in_effect: What ``when:`` changed here, one sentence each.
        remarks: The run's own first, then those of variants, each once.
    """

    not_as_asked: tuple[str, ...]
    substitutions: tuple[Substitution, ...]
    overrides_in_effect: tuple[str, ...]
    remarks: tuple[RemarkRow, ...]


def build_caveats_view(run: Run) -> CaveatsView:
    """Return what a reader of a run must know."""
    return CaveatsView(
        not_as_asked=not_as_asked(run),
        substitutions=run.substitutions,
        overrides_in_effect=run.overrides_in_effect,
        remarks=_remarks(run),
    )


def _remarks(run: Run) -> tuple[RemarkRow, ...]:
    about: dict[Remark, list[str]] = {}
    for variant in run.variants:
        for remark in variant.remarks:
            about.setdefault(remark, []).append(variant.name)
    several = len(run.variants) > 1
    return (
        *(RemarkRow(text) for text in run.remarks),
        *(
            RemarkRow(
                # A variant of that technique alone says its name already.
                remark.text if names == [remark.about] else remark.sentence,
                tuple(names),
                of_every=several and len(names) == len(run.variants),
            )
            for remark, names in about.items()
        ),
    )

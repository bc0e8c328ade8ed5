"""Figures of records that an older version wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.record import SCHEMA_VERSION

if TYPE_CHECKING:
    from annt_prof.runs.record import Run


def with_figures(run: Run) -> Run:
    """Return a loaded run with its figures, which are derived anew where an older version wrote it.

    Version 1 told them from medians of single steps.
    """
    if run.schema_version == SCHEMA_VERSION:
        return run
    # Slow to import, and not needed for the records of today.
    from annt_prof.compare.comparison import summarise
    from annt_prof.compare.verdict import precision_of

    return msgspec.structs.replace(run, variants=summarise(run.variants, precision_of(run)))

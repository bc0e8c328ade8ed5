"""The digest of a trace, made while a terminal shows how far that is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.digests import Digest


def digest_of(trace: Path) -> Digest:
    """Return the digest that is kept of a trace, or make it; a terminal shows how far that is.

    Raises:
        UserError: The trace cannot be read.
    """
    from rich.console import Console

    from annt_prof.report.text.reading_progress import ReadingProgress
    from annt_prof.runs import digests

    kept = digests.recall(trace)
    if kept is not None:
        return kept
    with ReadingProgress(Console(stderr=True)) as show:
        return digests.digest(trace, functools.partial(show, trace))

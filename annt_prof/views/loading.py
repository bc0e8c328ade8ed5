"""A run as every face shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.compare.old_records import with_figures
from annt_prof.runs import store
from annt_prof.runs.layout import run_directory
from annt_prof.views.stopping import with_stop

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import Run


def load_run(place: Path) -> Run:
    """Read a run, with the figures of today's version, and why it stopped.

    Args:
        place: A run directory, or the ``run.json`` in it.

    Raises:
        UserError: There is none, it is damaged, or a newer annt-prof wrote it.
    """
    return with_stop(with_figures(store.load(place)), run_directory(place))

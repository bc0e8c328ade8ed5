"""Why a run stopped, where its record was written while it went on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.signs import sign_of

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import Run
    from annt_prof.runs.signs import Sign

_STOPS: dict[Sign, str] = {
    "running": "still running",
    "gone": "its process ended without a last word",
}


def with_stop(run: Run, directory: Path) -> Run:
    """Return a run with why it stopped, as far as its log tells where the record does not.

    Args:
        run: As it was loaded.
        directory: That it lies in.
    """
    if not run.is_draft:
        return run
    return msgspec.structs.replace(run, stop=_STOPS.get(sign_of(directory), run.stop))

"""Launches that are traced and not timed: where the time went, once a check has found it broken.

What they cost is not paid by a check that passes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from annt_prof.runner.crew import CrowdedError

if TYPE_CHECKING:
    from annt_prof.runner.crew import Crew
    from annt_prof.runner.steering import Steering
    from annt_prof.runner.traced_windows import TracedWindows

_LAUNCHES = 7  # the last timed one among them: as many as an interval over them needs, and one more
_SHARE = 1.0  # of the time budget, beyond it: where launches are slow, fewer are traced


def trace_further(crew: Crew, steering: Steering, windows: TracedWindows, last: int) -> None:
    """Trace the launch that lives and some further ones, unless one could not be traced whole.

    Args:
        crew: Whose processes live at once.
        steering: Of the run, which may be to pause or to stop.
        windows: That are traced.
        last: Number of the launch that lives, from 0; further ones count on from there.
    """
    began, budget_s = time.monotonic(), _SHARE * crew.job.scenario.window.time_budget_s
    try:
        for traced in range(1, _LAUNCHES + 1):
            steering.wait_while_paused()
            if steering.stops or steering.leaves_nothing_to_compare:
                return
            missing = [state for state in crew.running if state.worker is None]
            if missing:
                crew.launch(missing)
            if not windows.of_launch(last - 1 + traced):
                return
            spent_s = time.monotonic() - began
            if spent_s * (traced + 1) / traced > budget_s:
                return
    except CrowdedError:  # what is traced by then is what there is
        crew.end(crew.alive)  # or a process would be traced once more, beside nothing

"""Which windows of a run are traced: one of each variant at its end, or one of each launch."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.runner.crew import CrowdedError
from annt_prof.runner.tracing import trace_variant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.spans import Span
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.events import Event

_LEAST_IN_A_CHECK, _MOST_IN_A_CHECK = 12, 30  # iterations
_LASTING_S = 0.1
"""Of a traced window in a check, where steps are short: what grew is told from the mean of its
steps, and what disturbs a machine for some tens of milliseconds would be all of a shorter one. No
longer, as reading a trace takes its time: of 100 steps with 170 operators each, seconds."""
_SHARE = 0.1  # of the time budget: fewer steps are traced where they would take longer


def _many_enough(step_s: float) -> int:
    """Return how many iterations of one variant tell what grew."""
    lasting = round(_LASTING_S / step_s) if step_s else _LEAST_IN_A_CHECK
    return min(_MOST_IN_A_CHECK, max(_LEAST_IN_A_CHECK, lasting))


class TracedWindows:
    """The traced windows of the variants that have a process.

    Args:
        crew: Of the run.
        span: Of its timed windows.
        directory: The run directory; traces go to ``tensorboard/<variant>/`` there, each in the
            place of the one before.
        notify: Told of what is being done.
    """

    def __init__(
        self, crew: Crew, span: Span, directory: Path, notify: Callable[[Event], None]
    ) -> None:
        self._crew = crew
        self._span = span
        self._directory = directory
        self._notify = notify
        window = crew.job.scenario.window
        self._budget_s = window.time_budget_s
        step_s = span.round_s / (span.iterations + span.switch_in)  # of all variants
        self._asked = window.traced_iterations
        if crew.job.gate is not None:
            self._asked = max(self._asked, _many_enough(step_s / max(1, len(crew.compared))))
        room = int(_SHARE * self._budget_s / step_s) if step_s else self._asked
        self._iterations = min(self._asked, max(room, span.iterations))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not as the scenario asks, for people."""
        if self._iterations == self._asked:
            return ()
        return (
            f"{self._iterations} instead of {self._asked} iterations were traced of each variant, "
            f"as more would take over a tenth of the {units.limit_s(self._budget_s)}",
        )

    def of_launch(self, launch: int) -> bool:
        """Trace every variant that has a process, which ends with it.

        Args:
            launch: Counted from 0, as which its traces are told apart; in every other one the last
                variant is traced first, so that none always has the others beside it.

        Returns:
            Whether there is a trace of each, so that they can be compared.
        """
        # Of processes that live one after the other, none is left.
        living = self._crew.running if self._crew.together else []
        for state in living if launch % 2 == 0 else living[::-1]:
            if state.worker is not None:
                with contextlib.suppress(CrowdedError):  # the next round finds it out again
                    self._trace(state, launch)
        traces = [state.record.traced_launches for state in living]
        return bool(traces) and all(each and each[-1].launch == launch for each in traces)

    def last_of(self, state: VariantState) -> None:
        """Trace a variant once more as the run ends, unless its last launch was."""
        if state.worker is None and state.record.traced_launches:
            return
        try:
            self._trace_anew(state)
        except CrowdedError as crowded:
            self._crew.separate(crowded, self._span)
            self._trace_anew(state)

    def _trace_anew(self, state: VariantState) -> None:
        if state.runs and state.worker is None and state.record.windows:
            self._crew.launch([state])
        if state.worker is not None:
            windows = state.record.windows
            told_apart = self._crew.job.gate is not None and windows
            self._trace(state, windows[-1].launch if told_apart else None)

    def _trace(self, state: VariantState, launch: int | None) -> None:
        trace_variant(
            self._crew,
            state,
            self._directory,
            self._span,
            self._iterations,
            self._notify,
            launch=launch,
        )

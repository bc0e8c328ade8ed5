"""What people ask of a run while it goes on, carried out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.remarks import Remark, Source
from annt_prof.runs.controls import Interrupt, Pause, Resume, Skip, Stop
from annt_prof.runs.events import Paused, Resumed, VariantSkipped, Warned
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.controls import ControlReader
    from annt_prof.runs.events import Event

_POLL_S = 0.2  # while paused


class Steering:
    """Heeds pauses, skips, stops and interrupts.

    A pause takes effect between rounds only: the windows of one round are compared with each
    other, and a pause between them would set them apart. It ends the launch, since processes that
    stood still would be timed with cold caches and clocks.

    Args:
        crew: Whose variants may be skipped.
        tell: Told of what is done.
        controls: What is asked; None where nobody can.

    Attributes:
        paused_s: Seconds of pauses so far, which are no part of what was measured.
        tracing: Whether measuring has ended, so that skipping a variant costs its trace alone.
    """

    def __init__(
        self, crew: Crew, tell: Callable[[Event], None], controls: ControlReader | None
    ) -> None:
        self._crew = crew
        self._tell = tell
        self._controls = controls
        self._pauses = False
        self._stops = False
        self._skips: list[str] = []
        self._skipped = False
        self.paused_s = 0.0
        self.tracing = False

    @property
    def stops(self) -> bool:
        """Whether no further window is to begin."""
        return self._stops

    @property
    def leaves_nothing_to_compare(self) -> bool:
        """Whether only what all others are compared with is left, since others were skipped."""
        return self._skipped and self._crew.running == self._crew.states[:1]

    def look(self) -> None:
        """See what is asked, and only end the run if that is.

        Raises:
            KeyboardInterrupt: It is to end as by Ctrl-C.
        """
        for control in () if self._controls is None else self._controls.poll():
            match control:
                case Pause():
                    self._pauses = True
                case Resume():
                    self._pauses = False
                case Skip(variant):
                    self._skips.append(variant)
                case Stop():
                    if self._stops or not any(s.record.windows for s in self._crew.states):
                        raise KeyboardInterrupt
                    self._stops = True
                case Interrupt():
                    raise KeyboardInterrupt

    def heed(self) -> None:
        """See what is asked, and end the processes of variants that are to be skipped.

        Raises:
            KeyboardInterrupt: The run is to end as by Ctrl-C.
        """
        self.look()
        names, self._skips = self._skips, []
        for name in names:
            self._skip(name)

    @property
    def pauses(self) -> bool:
        """Whether no further round is to begin until that is taken back."""
        return self._pauses and not self._stops

    def wait_while_paused(self) -> bool:
        """Heed what is asked, and return once a round may begin or the run is to stop.

        Returns:
            Whether that took waiting, and the run goes on.

        Raises:
            KeyboardInterrupt: The run is to end as by Ctrl-C.
        """
        self.heed()
        if not self.pauses:
            return False
        began = time.monotonic()
        self._tell(Paused())
        try:
            while self.pauses:
                time.sleep(_POLL_S)
                self.heed()
        finally:
            self.paused_s += time.monotonic() - began
        if not self._stops:
            self._tell(Resumed())
        return not self._stops

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known of pauses, for people."""
        if not self.paused_s:
            return ()
        return (
            f"paused for {units.seconds(self.paused_s)} in all, between launches: no part of what "
            "was measured, or of the time budget",
        )

    def _skip(self, name: str) -> None:
        state = self._crew.named.get(name)
        if state is None:
            self._tell(Warned(f"{printable(name)} cannot be skipped: it is no variant of this run"))
        elif state is self._crew.states[0]:
            self._tell(Warned(f"{name} cannot be skipped: the others are compared with it"))
        elif state.runs and state.record.trace is None:
            self._crew.end([state])
            self._record(state)
            self._skipped = True
            self._tell(VariantSkipped(name, len(state.record.windows)))

    def _record(self, state: VariantState) -> None:
        rounds = len(state.record.windows)
        if not rounds:
            reason = "skipped from the dashboard before its first window"
            state.change(status="not_measured", reason=reason)
            return
        after = f"skipped from the dashboard after {units.count(rounds, 'round')}"
        lacks = "" if self.tracing else "its interval is over these alone, and "
        remark = Remark(Source.RUN, f"{after}: {lacks}it is not traced")
        state.change(skipped=True, remarks=(*state.record.remarks, remark))

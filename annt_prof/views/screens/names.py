"""The screens, in the order of the keys that open them."""

from __future__ import annotations

from enum import StrEnum


class Screen(StrEnum):
    """A screen; its place in this list, from 0, is the key that opens it."""

    RUNS = "runs"
    LIVE = "live"
    OVERVIEW = "overview"
    TECHNIQUES = "techniques"
    STEPS = "steps"
    KERNELS = "kernels"
    TELEMETRY = "telemetry"
    COMPARE = "compare"
    ADVICE = "advice"

    @property
    def key(self) -> str:
        """The number key that opens it."""
        return str(tuple(Screen).index(self))


PURPOSES: dict[Screen, str] = {
    Screen.RUNS: "the runs that there are, to open one",
    Screen.LIVE: "what a run is doing now, and what is known so far",
    Screen.OVERVIEW: "the answer on one screen",
    Screen.TECHNIQUES: "each technique's verdict with its evidence",
    Screen.STEPS: "every step time, and a traced step as a timeline",
    Screen.KERNELS: "kernels and operators by name",
    Screen.TELEMETRY: "what was sampled of the device and the host",
    Screen.COMPARE: "what grew and what shrank between two variants or runs",
    Screen.ADVICE: "what to try next, with predicted bounds",
}

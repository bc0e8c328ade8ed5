"""What a variant's speedup shows: a value, decided once by ``compare`` and stored with the run."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Effect(StrEnum):
    """What the interval of a speedup allows one to say."""

    FASTER = "faster"
    SLOWER = "slower"
    NO_MEASURABLE_EFFECT = "no_measurable_effect"
    INCONCLUSIVE = "inconclusive"
    NO_INTERVAL = "no_interval"


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one variant against the baseline, with the thresholds that it was told by.

    Attributes:
        effect: What the speedup shows.
        precision: Half-width, a fraction, up to which its interval counted as narrow.
        floor: Effect, a fraction, up to which the run tells nothing from none.
        half_width: Of the interval, a fraction of its geometric centre; None without one.
        as_far_as_baseline: Whether the interval leaves out all that is not worth telling, but not
            what the baseline, measured twice, differs from itself by.
    """

    effect: Effect
    precision: float
    floor: float
    half_width: float | None = None
    as_far_as_baseline: bool = False

"""The tone in which a screen tells what a speedup shows."""

from __future__ import annotations

from annt_prof.runs.verdict import Effect
from annt_prof.views.page import Tone

EFFECT_TONES = {
    Effect.FASTER: Tone.GOOD,
    Effect.SLOWER: Tone.BAD,
    Effect.NO_MEASURABLE_EFFECT: Tone.STRONG,
    Effect.INCONCLUSIVE: Tone.UNSURE,
    Effect.NO_INTERVAL: Tone.UNSURE,
}

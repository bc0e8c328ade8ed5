"""Names of items that the trace has no name for; they are counted on behind the trace's names."""

from __future__ import annotations

from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.timeline.idleness import CAUSES
from annt_prof.analysis.timeline.phases import PHASES

OWN_NAMES: tuple[str, ...] = (
    *(phase.value for phase in PHASES),
    *(category.value for category in CATEGORIES),
    *(cause.value for cause in CAUSES),
    "host",
)
PHASE_NAMES = 0
"""Where the names of phases begin."""
CATEGORY_NAMES = len(PHASES)
CAUSE_NAMES = CATEGORY_NAMES + len(CATEGORIES)
HOST_NAME = CAUSE_NAMES + len(CAUSES)

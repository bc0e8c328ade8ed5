"""How often each of some labels occurs, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, grouped
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def counted(values: NDArray[np.int64], label: Callable[[int], str]) -> dict[str, int]:
    """Return how often each value occurs, by its label, the most frequent first."""
    group, different = grouped(values)
    counts = np.bincount(group, minlength=len(different))
    order = np.argsort(-counts, kind="stable")
    return {label(int(different[i])): int(counts[i]) for i in order}


def phase_name(label: int) -> str:
    """Return the name of a phase by its place in ``PHASES``; of ``NOWHERE`` what is in none."""
    return Category.UNATTRIBUTED.value if label == NOWHERE else PHASES[label].value

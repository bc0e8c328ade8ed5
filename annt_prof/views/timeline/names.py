"""Names of items short enough to be written into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.lanes.lanes import ItemKind
from annt_prof.analysis.timeline.passes import EVALUATION
from annt_prof.views.kernel_names import shorten

if TYPE_CHECKING:
    from annt_prof.analysis.lanes.lanes import Lanes

_MOST = 60


def short_names(lanes: Lanes) -> tuple[str, ...]:
    """Return a short form of each of the lanes' names; those of kernels are told apart."""
    of_device = np.isin(lanes.kind, (ItemKind.KERNEL, ItemKind.COPY, ItemKind.MEMSET))
    kernels = {lanes.names[name] for name in np.unique(lanes.name[of_device]).tolist()}
    short = shorten(sorted(kernels), _MOST)
    return tuple(short.get(name) or without_evaluation(name) for name in lanes.names)


def without_evaluation(name: str) -> str:
    """Return the function that autograd evaluates, of the name of an evaluation."""
    return name.removeprefix(EVALUATION).lstrip(": ")

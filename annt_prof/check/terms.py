"""What a run is held to, and by which other figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.budgets import Budgets


@dataclass(frozen=True)
class Terms:
    """What a run is held to.

    Attributes:
        budgets: Limits.
        file: Where they stand.
        baseline: The name of a stored baseline, or its file.
        baselines: Folder of the stored ones.
        reproduce: The command that does the same again.
        reference: What the run is held against, for people; None where its own variants are.
    """

    budgets: Budgets
    file: str
    baseline: str
    baselines: Path
    reproduce: str
    reference: str | None = None

"""What every data set source returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from annt_prof.scenario.effective import Substitution


@dataclass(frozen=True)
class DatasetBundle:
    """One split.

    Attributes:
        dataset: Items are (image tensor, class index).
        real: Whether accuracy on it means anything.
    """

    dataset: torch.utils.data.Dataset[Any]
    num_classes: int
    real: bool
    substitutions: tuple[Substitution, ...] = ()

"""What every data set source returns, and the folders data sets lie in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
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


def data_folder(data_dir: Path | None) -> Path:
    """The folder data sets are read from and fetched to.

    Args:
        data_dir: As given on the command line, or None.
    """
    if data_dir is not None:
        return data_dir
    if "ANNT_PROF_DATA" in os.environ:
        return Path(os.environ["ANNT_PROF_DATA"])
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "annt_prof"

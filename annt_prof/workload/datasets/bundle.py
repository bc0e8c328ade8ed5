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


def data_folders(data_dir: Path | None) -> tuple[Path, ...]:
    """Return the folders data sets are looked for in; they are fetched to the first.

    The given folder, then ``$ANNT_PROF_DATA``, then the user's cache.

    Args:
        data_dir: As given on the command line, or None.
    """
    named = os.environ.get("ANNT_PROF_DATA")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "annt_prof"
    folders = (data_dir, Path(named) if named else None, cache)
    return tuple(dict.fromkeys(folder.expanduser() for folder in folders if folder is not None))

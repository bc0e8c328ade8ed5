"""What a worker prints goes to a file: its command's stdout belongs to the answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def print_to(path: Path) -> None:
    """Send what this process and its children print to a file: stdout belongs to the answer."""
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)

"""Where what outlives a run lies on this machine: data sets and caches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_VARIABLE = "ANNT_PROF_DATA"
"""Of the environment: names the folder of data sets."""


def data_folders(
    given: Path | None = None, environment: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """Return the folders that data sets are looked for in; they are fetched to the first.

    The given folder, then ``$ANNT_PROF_DATA``, then the user's cache; a ``~`` is expanded, since
    not every shell does so within ``--data-dir=~/data`` or a container's environment.

    Args:
        given: As given on the command line, or None.
        environment: Of the process.
    """
    named = environment.get(DATA_VARIABLE)
    folders = (given, Path(named) if named else None, own_cache(environment))
    return tuple(dict.fromkeys(folder.expanduser() for folder in folders if folder is not None))


def own_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of everything that annt-prof itself keeps."""
    return user_cache(environment) / "annt_prof"


def user_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all programs' caches.

    Source: XDG Base Directory Specification, ``$XDG_CACHE_HOME``.
    """
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser()

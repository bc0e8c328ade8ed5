"""Starting a run in a process of its own, which goes on whatever becomes of this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.runs.layout import RUN_LOG

if TYPE_CHECKING:
    from collections.abc import Sequence


def start(arguments: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    """Start ``annt-prof run`` with a run directory that is there already.

    It has a session of its own, so that the terminal's Ctrl-C and its end do not reach it. What it
    prints goes to a file in the directory.

    Args:
        arguments: Of ``annt-prof run``, the scenario among them.
        directory: Of the run; its scenario is written to it.

    Raises:
        UserError: The directory cannot be written, or no process can be started.
    """
    log = directory / RUN_LOG
    command = (sys.executable, *_where_to_look(), "-m", "annt_prof", "run", "--into")
    try:
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as printed:
            return subprocess.Popen(
                (*command, str(directory.resolve()), *arguments),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(
            f"the run cannot be started: {error.strerror}", where=str(directory)
        ) from None


def _where_to_look() -> tuple[str, ...]:
    """Return what keeps ``-m`` from importing what lies in the current folder.

    Not so where this program does it too: it may itself have been found there.
    """
    return () if str(Path.cwd()) in sys.path or "" in sys.path else ("-P",)

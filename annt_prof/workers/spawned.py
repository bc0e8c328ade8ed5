"""Workers that another Python runs, with packages of its own: started anew, not forked."""

from __future__ import annotations

import os
import subprocess
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any

from annt_prof.workers.process import Worker

if TYPE_CHECKING:
    from pathlib import Path


class SpawnedProcess:
    """A process that was started by a command, as a worker has it.

    Args:
        process: Started.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        """Status that it ended with, the negative signal where one ended it; None while it runs."""
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, or for so many seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return


def spawn(python: Path, module: str, log: Path) -> Worker[Any, Any]:
    """Start a worker by an interpreter.

    Args:
        python: Of an environment that has annt-prof in this version.
        module: What it runs; its only argument is the number of the open file that is its end of
            the pipe.
        log: File that takes what it prints before it is told where to.
    """
    ours, theirs = Pipe()
    # Nothing may reach for the network during a run, as in workers from the fork server.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    # Without -P the folder that the run was started in would be searched before the environment,
    # and both sides might import what lies there.
    with log.open("ab") as printed:
        process = subprocess.Popen(
            [str(python), "-P", "-m", module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            env=environment,
            start_new_session=True,  # Ctrl-C is the session's to hear, as with forked workers
        )
    theirs.close()
    return Worker(ours, SpawnedProcess(process))

"""Advice on a trace from a process of its own: ``python -m annt_prof.tui.advising TRACE``.

Reading a large trace keeps an interpreter busy for a long time, and cannot be interrupted in a
thread. The process ends when it is told to, and writes what it found as one line of JSON.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from annt_prof.errors import UserError
from annt_prof.views.advice_view import AdviceView


class Refused(msgspec.Struct, frozen=True):
    """What the user can mend; the fields are those of ``UserError``."""

    message: str
    where: str | None
    hint: str | None


class Told(msgspec.Struct, frozen=True):
    """What came of it: one of the two.

    Attributes:
        advice: None where there is none.
        refused: Why there is none.
    """

    advice: AdviceView | None = None
    refused: Refused | None = None


class AdvisingProcess:
    """Asks for advice on traces, one after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def advice_of_trace(self, path: Path) -> AdviceView:
        """Return the predictions from a trace; waits for them.

        Raises:
            UserError: It cannot be read, holds no step, or the process was ended.
        """
        self.end()
        if self._closed:
            raise UserError("its reading was ended", where=str(path))
        command = [sys.executable, "-m", "annt_prof.tui.advising", str(path.resolve())]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a terminal's interrupt is not for it
            )
        except OSError as error:
            problem = f"no process can be started: {error.strerror}"
            raise UserError(problem, where=str(path)) from None
        self._process = process
        output = process.communicate()[0]
        return _taken(output, process.returncode, path)

    @property
    def is_reading(self) -> bool:
        """Whether a process is at work."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """End what is being read."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()

    def close(self) -> None:
        """End what is being read, and read no more."""
        self._closed = True
        self.end()


def _taken(output: bytes, status: int, path: Path) -> AdviceView:
    if status != 0:
        how = f"was ended by signal {-status}" if status < 0 else f"failed with status {status}"
        raise UserError(
            f"the process that read it {how}",
            where=str(path),
            hint="annt-prof advise on the same file says more",
        )
    told = msgspec.json.decode(output, type=Told)
    if told.advice is not None:
        return told.advice
    refused = told.refused or Refused("nothing was told", str(path), None)
    raise UserError(refused.message, where=refused.where, hint=refused.hint)


def main() -> int:
    """Advise on the trace that the command line names; return the exit status."""
    # Slow to import, and whoever only starts the process does without.
    from annt_prof.views.advising import advice_of_trace

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    try:
        told = Told(advice=advice_of_trace(Path(sys.argv[1])))
    except UserError as error:
        told = Told(refused=Refused(error.message, error.where, error.hint))
    sys.stdout.buffer.write(msgspec.json.encode(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

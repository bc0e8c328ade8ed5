"""A digest in the making: the parent's side of the digesting process."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import msgspec

from annt_prof.errors import UserError
from annt_prof.runs.digesting import Progress, Ready, Refused, Told
from annt_prof.runs.digests import load

if TYPE_CHECKING:
    from annt_prof.runs.digests import Digest

_READ_BYTES = 2**16


class Digesting:
    """Makes the digest of one trace in a process of its own, which can be ended.

    Args:
        trace: The file.
        keep: Whether the digest may be kept beside the trace.
    """

    def __init__(self, trace: Path, *, keep: bool = True) -> None:
        self.trace = trace
        self._keep = keep
        self._process: subprocess.Popen[bytes] | None = None
        self._text = b""
        self._told: Told = Progress(0, 0)

    def start(self) -> None:
        """Start the process.

        Raises:
            UserError: It cannot be started.
        """
        command = [sys.executable, "-m", "annt_prof.runs.digesting"]
        arguments = [*(["--keep"] if self._keep else []), "--", str(self.trace)]
        try:
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a terminal's interrupt is not for it
            )
        except OSError as error:
            raise UserError(
                f"no process can be started: {error.strerror}", where=str(self.trace)
            ) from None
        os.set_blocking(self._output.fileno(), False)

    def poll(self) -> Progress | Ready | UserError:
        """Return how far it is, or what came of it; it does not wait."""
        process = self._process
        if process is None:
            return Progress(0, 0)
        ended = process.poll() is not None  # asked first: what it wrote before its end is there
        self._take()
        if isinstance(self._told, Refused):
            return UserError(self._told.message, where=self._told.where, hint=self._told.hint)
        if isinstance(self._told, Progress) and ended:
            return UserError(_why_ended(process.returncode), where=str(self.trace), hint=_HINT)
        return self._told

    def take(self, ready: Ready) -> Digest:
        """Return the digest that is ready, and remove its file if it is a temporary one.

        Raises:
            UserError: The trace changed meanwhile, or cannot be read any more.
        """
        path = Path(ready.path)
        try:
            made = load(path, self.trace)
        finally:
            if ready.temporary:
                with suppress(OSError):
                    path.unlink()
            self.cancel()
        if made is None:
            raise UserError(
                "the file changed while it was read", where=str(self.trace), hint="open it again"
            )
        return made

    def cancel(self) -> None:
        """End the process, at its work or not; a digest is kept whole or not at all."""
        process, self._process = self._process, None
        if process is None:
            return
        if isinstance(self._told, Progress):
            process.kill()
        process.wait()
        cast("IO[bytes]", process.stdout).close()

    @property
    def _output(self) -> IO[bytes]:
        process = cast("subprocess.Popen[bytes]", self._process)
        return cast("IO[bytes]", process.stdout)

    def _take(self) -> None:
        """Read what it has told by now; the last line counts."""
        with suppress(BlockingIOError):
            while piece := os.read(self._output.fileno(), _READ_BYTES):
                self._text += piece
        *lines, self._text = self._text.split(b"\n")
        if lines:
            self._told = msgspec.json.decode(lines[-1], type=Told)


_HINT = "annt-prof analyze on the same file says more"


def _why_ended(status: int) -> str:
    if status < 0:
        return f"the process that read it was ended by signal {-status}, as for lack of memory"
    return f"the process that read it failed with status {status}"

"""A program in a real terminal: keys go in, what it draws comes out, and its settings are seen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

from interruptible import heed_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_MOST_APART = 4096  # bytes from the first of some words to their last, with escapes between
_PATIENCE_S = 60.0  # on a machine that does much else
ENTERS, LEAVES = b"\x1b[?1049h", b"\x1b[?1049l"
"""What a program writes that takes the whole screen, and that gives it back."""
SHOWS_CURSOR = b"\x1b[?25h"
NO_MOUSE = b"\x1b[?1000l"


class Terminal:
    """Runs ``python -m annt_prof`` with a terminal of its own.

    Args:
        arguments: Of the command line.
        columns, rows: Its size.
        environment: Variables beside this process's.
        prepare: Called in the new process, before the program.
        folder: In which it runs; None for this process's.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        environment: dict[str, str] | None = None,
        prepare: Callable[[], None] = heed_interrupts,
        folder: Path | None = None,
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._theirs)
        self.written = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "annt_prof", *arguments],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            cwd=folder,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self._ours, self._theirs):
            with contextlib.suppress(OSError):  # the test may have closed it
                os.close(descriptor)

    @property
    def settings_restored(self) -> bool:
        """Whether the terminal's modes are as before the program."""
        return termios.tcgetattr(self._theirs) == self.before

    @property
    def text(self) -> str:
        """All that was drawn, without escape sequences; not in the order of the screen."""
        return _without_escapes(self.written)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def wait_for(self, words: str, patience_s: float = _PATIENCE_S) -> None:
        """Read until these words have been drawn since the last wait.

        Raises:
            AssertionError: They are not drawn in time, or the program ended.
        """
        until, num_searched = time.monotonic() + patience_s, 0
        while words not in _without_escapes(self.written[max(0, num_searched - _MOST_APART) :]):
            num_searched = len(self.written)
            ended = self.process.poll() is not None
            if not self.read(0.2) and (ended or time.monotonic() > until):
                raise AssertionError(f"{words!r} was not drawn:\n{self.text[-3000:]}")
        self._seen, self.written = self.written, b""

    def wait(self, patience_s: float = _PATIENCE_S) -> int:
        """Read until the program has ended, and return its status.

        Raises:
            AssertionError: It does not end in time.
        """
        until = time.monotonic() + patience_s
        while self.process.poll() is None:
            self.read(0.2)
            if time.monotonic() > until:
                raise AssertionError(f"it has not ended:\n{self.text[-3000:]}")
        while self.read(0.0):
            pass
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        os.close(self._ours)
        os.close(self._theirs)
        os.killpg(self.process.pid, signal.SIGHUP)

    def read(self, seconds: float) -> bool:
        """Wait that long for something to be drawn, and take it; False where nothing was."""
        readable, _, _ = select.select([self._ours], [], [], seconds)
        if readable:
            try:
                self.written += os.read(self._ours, 65536)
            except OSError:
                return False
        return bool(readable)


def _without_escapes(drawn: bytes) -> str:
    text = drawn.decode(errors="replace")
    return re.sub(r"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07]*\x07|[PX^_].*?\x1b\\|.)", "", text)

"""How a command ends when it is told to, or when nobody can read what it says."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import FrameType

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h: never 1, by which a check says that a budget failed
_EXIT_UNREAD = 1  # as click ends what nobody reads
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def end_as_by_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does.

    What is told to be ignored stays so: ``nohup`` means that a run outlives its terminal. Only the
    first one counts: who ends a job often sends both, or one again, while what was measured is
    being written.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # no other may set handlers
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt_once)


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def have_streams() -> None:
    """Give a process that was started without stdout or stderr one that takes anything."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY)
            if opened != number:  # or the next file that is opened would take its number
                os.dup2(opened, number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def unwritten(error: OSError) -> int:
    """Say that the answer could not be written, and return the exit status.

    Raises:
        OSError: It is another error than that of an output which is closed or full.
    """
    if isinstance(error, BrokenPipeError):
        _write_no_more()  # the reader has gone, which is its right
        return _EXIT_UNREAD
    if error.errno not in _FULL or not _takes_nothing():
        raise error
    _write_no_more()
    click.echo(f"the answer cannot be written: {error.strerror}", err=True)
    return EXIT_USER_ERROR


def _takes_nothing() -> bool:
    """Tell whether it is stdout that is full; what failed to be written is no longer in it."""
    try:
        os.write(1, b"\n")
    except OSError:
        return True
    return False


def _write_no_more() -> None:
    """Spare Python the same error as it exits: it flushes once more what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

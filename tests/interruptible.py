"""Programs that heed Ctrl-C, whatever the tests themselves were started with.

A shell starts background jobs with SIGINT ignored, and what is ignored stays so across fork and
exec, in Python too. Source: POSIX, section 2.11 of the Shell Command Language (signals and error
handling); Python's signal module, SIGINT.
"""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Give interrupts their default action; for ``preexec_fn`` of a program to be interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # nohup ignores the last
        signal.signal(number, signal.SIG_DFL)


def ignore_interrupts() -> None:
    """Start a program as a shell starts a background job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

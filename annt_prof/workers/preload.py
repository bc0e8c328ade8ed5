"""What the fork server imports once, before it forks a worker; it never touches the device."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

MODULES_VARIABLE = "ANNT_PROF_PRELOAD"


def _import_each(names: str) -> None:
    for name in filter(None, names.split(",")):
        # A broken package must not end the fork server: the worker that needs it imports it
        # again, and there the failure is reported with its reason.
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report why a process could not begin, but not that the command ended as it started it.

    At Ctrl-C the command may be gone before it has told a forked process what to run. What goes
    wrong once that runs is reported by the process itself.
    """
    if not issubclass(kind, EOFError):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _report
# The session held these back as it started the fork server, which ignores them.
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
_import_each(os.environ.get(MODULES_VARIABLE, ""))

"""The dashboard in a browser: each page that is opened has a process of its own."""

from __future__ import annotations

import shlex
import sys

from annt_prof.errors import UserError

_OWN_OPTIONS = ("--web",)
_WITH_VALUES = ("--host", "--port")


def serve(host: str, port: int) -> None:
    """Serve this very command, without ``--web``, until Ctrl-C.

    Args:
        host: Address to listen on.
        port: Likewise.

    Raises:
        UserError: What serves is not installed, or cannot listen there.
    """
    try:
        from textual_serve.server import Server
    except ImportError:
        raise UserError(
            "what serves terminals to browsers is not installed",
            where="--web",
            hint="pip install 'annt-prof[web]'",
        ) from None
    command = [sys.executable, "-m", "annt_prof", *_arguments(sys.argv[1:])]
    try:
        Server(shlex.join(command), host=host, port=port, title="annt-prof").serve()
    except OSError as error:
        raise UserError(
            f"cannot listen at {host}:{port}: {error.strerror}",
            where="--port",
            hint="give another one",
        ) from None


def _arguments(given: list[str]) -> list[str]:
    """Return the command line without what only this process heeds."""
    kept, skip = [], False
    for argument in given:
        name = argument.partition("=")[0]
        if not skip and argument not in _OWN_OPTIONS and name not in _WITH_VALUES:
            kept.append(argument)
        skip = argument in _WITH_VALUES
    return kept

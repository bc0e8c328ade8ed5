"""``annt-prof tensorboard``: open a run in TensorBoard."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING, NamedTuple, NoReturn

import click
import msgspec

from annt_prof import units
from annt_prof.cli import options
from annt_prof.errors import UserError
from annt_prof.runs import layout, store
from annt_prof.runs.record import STOP_UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_PORT = 6006  # TensorBoard's own
_START_TIMEOUT_S = 60.0
_MOST_STARTS = 3
"""Servers that begin at once may both find a port free: TensorBoard asks whether one answers there,
and where it is bound a moment later werkzeug ends the process instead of saying so."""
_OFFLINE_NOTE = (
    "With no internet the PyTorch Profiler tab stays on a spinner, because it loads its chart "
    "library from a public host. The Scalars, Text and Images tabs hold the answer on their own."
)


@click.command("tensorboard")
@click.argument("run", required=False)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port to listen on.  [default: the first free one from {DEFAULT_PORT}]",
)
@click.option("--host", default="localhost", show_default=True, help="Address to listen on.")
@options.runs_dir("Where to look for runs.")
def command(run: str | None, port: int | None, host: str, runs_dir: Path) -> None:
    """Open RUN in TensorBoard: the newest run, if none is given.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir.
    """
    place = store.find(run, runs_dir)
    directory = layout.run_directory(place)
    _check_address(host, port)
    log = _log(place, directory)
    # Ctrl-C is how a server is meant to end, so from its start on it is no failure.
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as running:
        server, output, chosen = _serving(running, log, host, port)
        click.echo(f"TensorBoard shows {directory} at http://{_in_url(host)}:{chosen}/")
        click.echo(_OFFLINE_NOTE)
        click.echo("Ctrl-C stops it.")
        if server.wait() != 0:
            raise _died(server, output)


def _log(place: Path, directory: Path) -> Path:
    """Return the run's log directory, writing it first where it is missing or outdated."""
    from annt_prof.tensorboard import log
    from annt_prof.views.loading import load_run

    run, is_over = load_run(place)
    if not log.is_current(directory):
        # It stays when the run's process is gone, so it must not say that the run goes on.
        log.write(run if is_over else msgspec.structs.replace(run, stop=STOP_UNTOLD), directory)
    return layout.tensorboard_folder(directory)


def _check_address(host: str, port: int | None) -> None:
    """Look at what the user chose before anything is written or started.

    Raises:
        UserError: The host is no address, or the port is in use or not for everybody.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise UserError(f"{host!r} is no address: {error.strerror}", where="--host") from None
    if port is None:
        return
    family, kind, protocol, _, address = addresses[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the server does; a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise UserError(
                f"port {port} needs privileges", where="--port", hint="give one above 1023"
            ) from None
        except OSError:
            raise UserError(
                f"port {port} on {host} is in use",
                where="--port",
                hint="give another one, or leave --port out to take the first free one",
            ) from None


class _Serving(NamedTuple):
    """A server that answers, what it prints, and its port."""

    server: subprocess.Popen[bytes]
    output: IO[bytes]
    port: int


def _serving(running: contextlib.ExitStack, log: Path, host: str, port: int | None) -> _Serving:
    """Start a server, which ends with ``running``; another one where it lost a race for its port.

    Raises:
        UserError: It ended, or does not serve in time.
    """
    left = _MOST_STARTS if port is None else 1
    while True:
        left -= 1
        server, output = running.enter_context(_server(log, host, port))
        try:
            return _Serving(server, output, _port_once_it_serves(server, output))
        except UserError:
            if not left or server.poll() is None:
                raise


@contextlib.contextmanager
def _server(
    log: Path, host: str, port: int | None
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Run TensorBoard in a process of its own, which ends with this one.

    It is not run within this process, because the plugin imports pandas and starts processes. Nor
    does tensorboard.manager start it: that takes whatever `tensorboard` the PATH has, leaves it
    running when the command ends, and takes one that was killed for one that runs.
    """
    arguments = ["--logdir", str(log), "--host", host]
    if port is not None:  # else it takes the first free one
        arguments += ["--port", str(port)]
    # The fast loader is made for gigabytes, and drops what explains each curve.
    arguments += ["--load_fast", "false"]
    with tempfile.TemporaryFile() as output, _terminated_like_interrupted():
        server = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", *arguments], stdout=output, stderr=output
        )
        try:
            yield server, output
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Make SIGTERM unwind this process, so that the server is not left behind."""

    def unwind(_number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _port_once_it_serves(server: subprocess.Popen[bytes], output: IO[bytes]) -> int:
    """Wait for what the server tells TensorBoard's own manager, and return its port.

    Raises:
        UserError: It ended, or does not serve in time.
    """
    from tensorboard import manager  # type: ignore[import-untyped]

    began_s = int(time.time())  # what a server of the same process id left is older
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise _died(server, output)
        for told in manager.get_all():
            if told.pid == server.pid and told.start_time >= began_s:
                return int(told.port)
        time.sleep(0.1)
    raise UserError(f"TensorBoard did not answer within {units.limit_s(_START_TIMEOUT_S)}")


def _died(server: subprocess.Popen[bytes], output: IO[bytes]) -> UserError:
    output.seek(0)
    last = output.read().decode(errors="replace").strip().splitlines()[-5:]
    said = "\n".join(last) or "it said nothing"
    return UserError(
        f"TensorBoard ended with status {server.returncode}:\n{said}",
        hint="annt-prof doctor checks the installation",
    )


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

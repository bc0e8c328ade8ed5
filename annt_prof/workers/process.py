"""A worker process as its parent has it: started, asked and ended."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from annt_prof.workers.messages import Failure, StopRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext


RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")

_PATIENCE_S = 10.0  # for a worker to end once it was told to


class WorkerLost(Exception):  # noqa: N818 - an outcome, not an error of the program
    """A worker reported a failure or died.

    Attributes:
        failure: What happened to it.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Process(Protocol):
    """What a worker's process must be able to do, whoever started it."""

    @property
    def pid(self) -> int | None:
        """Process id."""

    @property
    def exitcode(self) -> int | None:
        """Status that it ended with, the negative signal where one ended it; None while it runs."""

    def is_alive(self) -> bool:
        """Whether it runs."""

    def kill(self) -> None:
        """End it now."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""


def fork(
    context: ForkServerContext, target: Callable[..., None], *arguments: object
) -> Worker[Any, Any]:
    """Start a worker from the fork server.

    Args:
        context: From ``start_fork_server``.
        target: What the process runs, with its end of the pipe as the first argument. It answers
            each request with a reply, or with a ``Failure`` if it cannot go on.
        arguments: The target's others.
    """
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    return Worker(ours, process)


class Worker(Generic[RequestT, ReplyT]):
    """One worker process and the pipe to it.

    Args:
        connection: Our end of the pipe.
        process: Started.
    """

    def __init__(self, connection: Connection[Any, Any], process: Process) -> None:
        self._connection = connection
        self._process = process

    @property
    def pid(self) -> int:
        """Process id."""
        return cast("int", self._process.pid)

    def send(self, request: RequestT | StopRequest) -> None:
        """Ask for something; a worker that has died is noticed by ``receive``."""
        with contextlib.suppress(BrokenPipeError):
            self._connection.send(request)

    def receive(self) -> ReplyT:
        """Wait for the reply.

        Raises:
            WorkerLost: The worker failed or died.
        """
        try:
            reply = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise WorkerLost(_death(self._process.exitcode)) from None
        if isinstance(reply, Failure):
            raise WorkerLost(reply)
        return cast("ReplyT", reply)

    def end(self) -> None:
        """End the process, by force where asking does not help."""
        self.send(StopRequest())
        self._connection.close()
        self._process.join(_PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """End the process now."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


def _death(exitcode: int | None) -> Failure:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        cause = " (the kernel does this when memory runs out)" if -exitcode == 9 else ""
        return Failure("crashed", f"killed by {name}{cause}", signal=name)
    return Failure("crashed", f"its process ended with status {exitcode}")

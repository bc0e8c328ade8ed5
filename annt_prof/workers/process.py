"""Starting, asking and ending worker processes. Free of torch: this is the parent's side."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Generic, Never, TypeVar, cast

from annt_prof.errors import UserError
from annt_prof.workers.messages import Failure, StopRequest
from annt_prof.workers.preload import MODULES_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

    from annt_prof.loop.messages import Assignment, Looked, Probed
    from annt_prof.techniques.observed import Observed
    from annt_prof.windows.messages import Reply, Request

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run early: Ctrl-C, a scheduler or a shutdown, and a terminal that is closed."""

_PATIENCE_S = 10.0  # for a worker to end once it was told to


def fork_server(preload: tuple[str, ...]) -> ForkServerContext:
    """Return the context whose server imports torch, and ``preload``, once.

    Args:
        preload: Further modules, such as the library that the model comes from.
    """
    os.environ[MODULES_VARIABLE] = ",".join(("annt_prof.loop.worker", *preload))
    # Nothing may reach for the network during a run; only ``fetch`` downloads.
    os.environ["HF_HUB_OFFLINE"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["annt_prof.workers.preload"])
    with _interrupts_ignored():
        forkserver.ensure_running()
    return context


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start a process that outlives what interrupts a run: the session decides what it means.

    A terminal sends Ctrl-C, and a job's scheduler SIGTERM, to every process of the run at once.
    The fork server ignores Ctrl-C by itself, but only once it has imported torch. What arrives in
    this process meanwhile is held back and not lost: a blocked signal waits, even an ignored one.
    """
    resource_tracker.ensure_running()  # it would lift the block as it starts
    held = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def outlive_interrupts() -> None:
    """Let this worker go on until the session ends it.

    Its own children are not to ignore SIGTERM, by which a loader ends them: a handler that does
    nothing is gone once they have set theirs, or have become another program.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)


def _probe(connection: Connection[Probed | Failure, Never], use_accelerator: bool) -> None:
    try:
        from annt_prof.loop import worker
    except (ImportError, OSError, RuntimeError) as error:
        # A mismatched torch and torchvision raise RuntimeError, a missing driver library OSError.
        connection.send(Failure("crashed", str(error)))
        return
    worker.probe(connection, use_accelerator=use_accelerator)


def _train(
    connection: Connection[Reply | Failure, Request | StopRequest], assignment: Assignment
) -> None:
    from annt_prof.loop import worker

    worker.train(connection, assignment)


def _look(connection: Connection[Looked | Failure, Never], assignment: Assignment) -> None:
    from annt_prof.loop import probing

    probing.look(connection, assignment)


class WorkerLost(Exception):  # noqa: N818 - an outcome, not an error of the program
    """A worker reported a failure or died.

    Attributes:
        failure: What happened to it.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Worker(Generic[RequestT, ReplyT]):
    """One worker process and the pipe to it.

    Args:
        context: From ``fork_server``.
        target: What the process runs, with its end of the pipe as the first argument. It answers
            each request with a reply, or with a ``Failure`` if it cannot go on.
        arguments: The target's others.
    """

    def __init__(
        self, context: ForkServerContext, target: Callable[..., None], *arguments: object
    ) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs, *arguments))
        self._process.start()
        theirs.close()

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


def start_training(context: ForkServerContext, assignment: Assignment) -> Worker[Request, Reply]:
    """Start the worker of one variant."""
    return Worker(context, _train, assignment)


def observe_baseline(context: ForkServerContext, assignment: Assignment) -> Observed | None:
    """Run one batch of a scenario without techniques, in a process of its own, and end it.

    Returns:
        None where its passes fail, or the process dies: what is launched next says why.

    Raises:
        UserError: The scenario cannot be built, or its batches or its model are of no use here.
    """
    worker: Worker[Never, Looked] = Worker(context, _look, assignment)
    try:
        return worker.receive().observed
    except WorkerLost as lost:
        failure = lost.failure
        if failure.kind != "user_error":
            return None
        raise UserError(failure.message, where=failure.where, hint=failure.hint) from None
    finally:
        worker.kill()


def probe_machine(context: ForkServerContext, *, use_accelerator: bool) -> Probed:
    """Ask a short-lived worker what torch sees of this machine.

    Args:
        context: From ``fork_server``.
        use_accelerator: False looks at the CPU alone, even where there is an accelerator.

    Raises:
        UserError: torch or torchvision cannot be imported.
    """
    worker: Worker[Never, Probed] = Worker(context, _probe, use_accelerator)
    try:
        return worker.receive()
    except WorkerLost as lost:
        raise UserError(
            f"the training libraries cannot be loaded: {lost.failure.message}",
            hint="annt-prof doctor finds out why and says how to mend it",
        ) from None
    finally:
        worker.kill()

"""Starting the processes that train, or look at what would be trained. Free of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from annt_prof.errors import UserError
from annt_prof.workers.fork_server import start_fork_server
from annt_prof.workers.messages import Failure
from annt_prof.workers.process import WorkerLost, fork
from annt_prof.workers.spawned import spawn

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

    from annt_prof.loop.messages import Assignment, Looked, Probed
    from annt_prof.techniques.observed import Observed
    from annt_prof.windows.messages import Reply, Request
    from annt_prof.workers.messages import StopRequest
    from annt_prof.workers.process import Worker


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


def start_training_server(libraries: tuple[str, ...]) -> ForkServerContext:
    """Start the server that has imported torch, the training code and ``libraries``.

    Args:
        libraries: Such as the one that the model comes from.
    """
    return start_fork_server(("annt_prof.loop.worker", *libraries))


def start_training(context: ForkServerContext, assignment: Assignment) -> Worker[Request, Reply]:
    """Start the worker of one variant, forked from the server or by a Python of its own."""
    side = assignment.variant.side
    if side is None or side.python is None:
        return fork(context, _train, assignment)
    worker: Worker[Request, Reply] = spawn(side.python, "annt_prof.loop.spawned", assignment.log)
    worker.send(assignment)  # type: ignore[arg-type]  # the first message alone is no request
    return worker


def observe_baseline(context: ForkServerContext, assignment: Assignment) -> Observed | None:
    """Run one batch of a scenario without techniques, in a process of its own, and end it.

    Returns:
        None where its passes fail, or the process dies: what is launched next says why.

    Raises:
        UserError: The scenario cannot be built, or its batches or its model are of no use here.
    """
    worker: Worker[Never, Looked] = fork(context, _look, assignment)
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
        context: From ``start_training_server``.
        use_accelerator: False looks at the CPU alone, even where there is an accelerator.

    Raises:
        UserError: torch or torchvision cannot be imported.
    """
    worker: Worker[Never, Probed] = fork(context, _probe, use_accelerator)
    try:
        return worker.receive()
    except WorkerLost as lost:
        raise UserError(
            f"the training libraries cannot be loaded: {lost.failure.message}",
            hint="annt-prof doctor finds out why and says how to mend it",
        ) from None
    finally:
        worker.kill()

"""One variant's process: builds the loop, then runs windows as it is told."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, NamedTuple, Never

import torch

from annt_prof.errors import UserError
from annt_prof.loop.driving import run_timed, run_traced
from annt_prof.loop.epoch_starts import epoch_start_ns
from annt_prof.loop.failures import kind, one_line
from annt_prof.loop.messages import Assignment, Probed
from annt_prof.loop.numerics import look_at
from annt_prof.loop.queues import queue_capacity
from annt_prof.loop.step import Loop
from annt_prof.loop.warming import warm_up
from annt_prof.loop.worktree import Worktree
from annt_prof.machine import hardware
from annt_prof.machine.machine import Machine, has_tf32
from annt_prof.remarks import Remark, Source
from annt_prof.techniques import registry
from annt_prof.windows.footprint import footprint, give_back_caches
from annt_prof.windows.loaders import pause_loaders, resume_loaders
from annt_prof.windows.messages import (
    Built,
    EpochReply,
    EpochRequest,
    NumericsReply,
    NumericsRequest,
    Prepared,
    Reply,
    Request,
    TimedReply,
    TimedRequest,
    TracedReply,
    TracedRequest,
    WarmRequest,
)
from annt_prof.windows.peak import peak, reset_peak
from annt_prof.workers.interrupts import outlive_interrupts
from annt_prof.workers.logs import print_to
from annt_prof.workers.messages import Failure, LossKind, StopRequest
from annt_prof.workload.build import build

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from annt_prof.scenario.effective import Substitution
    from annt_prof.techniques.setup import TrainingSetup

    Pipe = Connection[Reply | Failure, Request | StopRequest]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def probe(connection: Connection[Probed, Never], *, use_accelerator: bool) -> None:
    """Tell what torch sees of this machine. Touches the device, so it needs its own process."""
    uuid = None
    if use_accelerator and torch.cuda.is_available():
        machine = _cuda_machine()
        uuid = str(torch.cuda.get_device_properties(0).uuid)
    else:
        native_bfloat16 = bool(hardware.bfloat16_flags())
        machine = Machine("cpu", hardware.cpu_name(), 0, hardware.num_cores(), native_bfloat16)
    with contextlib.suppress(BrokenPipeError):  # an interrupted run no longer listens
        connection.send(Probed(machine, torch.get_num_threads(), uuid, _built_with()))


def _built_with() -> dict[str, str]:
    """Return the version of each platform for devices that this torch was built for."""
    versions = {"cuda": torch.version.cuda, "hip": torch.version.hip}
    return {name: version for name, version in versions.items() if version is not None}


def _cuda_machine() -> Machine:
    return Machine(
        device_type="cuda",
        device_name=torch.cuda.get_device_name(0),
        num_devices=torch.cuda.device_count(),
        num_cores=hardware.num_cores(),
        native_bfloat16=torch.cuda.is_bf16_supported(including_emulation=False),
        tf32=has_tf32(torch.cuda.get_device_capability(0)),
    )


def train(connection: Pipe, assignment: Assignment) -> None:
    """Build the assigned variant and serve windows until told to stop.

    This is the one place that catches everything: what goes wrong in a variant must cost only
    that variant, and it is reported with its reason.
    """
    outlive_interrupts()
    # A fork server's children would start loader processes by such a server too. In the user's
    # own program they start as the interpreter does by default, so here as well.
    multiprocessing.set_start_method(None, force=True)
    print_to(assignment.log)
    faulthandler.enable()  # a process that crashes in native code says where, in its log
    # Read by torch as it compiles. Source: torch/_inductor/runtime/cache_dir_utils.py.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(assignment.compiled)
    os.environ["TRITON_CACHE_DIR"] = str(assignment.compiled / "triton")
    # Accumulation and skipped steps are deliberate; torch warns of the order they cause.
    warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
    findings: list[Remark] = []
    try:
        _serve(connection, assignment, findings)
    except (EOFError, BrokenPipeError):
        return
    except UserError as error:
        refused = isinstance(error, _RefusedError)
        loss: LossKind = "not_applicable" if refused else "user_error"
        connection.send(Failure(loss, error.message, error.where, error.hint, tuple(findings)))
    except Exception as error:  # noqa: BLE001 - isolates the variant; logged and reported
        traceback.print_exc()
        connection.send(Failure(kind(error), one_line(error), remarks=tuple(findings)))


class _RefusedError(UserError):
    """The scenario could be built; its techniques refuse what was built."""


def _serve(connection: Pipe, assignment: Assignment, findings: list[Remark]) -> None:
    built = _build(assignment, findings)
    connection.send(Built(built.substitutions))
    try:
        _answer(connection, assignment, built)
    finally:
        # A loop that goes waits for its loader processes, and a stopped one never ends: a session
        # that was killed would leave all of them behind.
        resume_loaders()


def _answer(connection: Pipe, assignment: Assignment, built: _Built) -> None:
    loop, first = built.loop, True
    while True:
        request = connection.recv()
        resume_loaders()
        match request:
            case StopRequest():
                return
            case WarmRequest():
                reply: Reply = _prepared(built, assignment, request)
            case TimedRequest():
                if first:
                    reset_peak(loop.setup)
                    first = False
                window = run_timed(loop, request)
                reply = TimedReply(window, *peak(loop.setup))
            case EpochRequest():
                reply = EpochReply(epoch_start_ns(loop, request))
            case TracedRequest():
                reply = TracedReply(run_traced(loop, request))
            case NumericsRequest():
                reply = NumericsReply(look_at(loop))
        pause_loaders()
        give_back_caches(loop.setup.device)
        connection.send(reply)


class _Built(NamedTuple):
    """A loop before its first step, and what there is to say of how it came to be."""

    loop: Loop
    substitutions: tuple[Substitution, ...]
    findings: list[Remark]
    worktree: Worktree | None = None


def _build(assignment: Assignment, findings: list[Remark]) -> _Built:
    scenario, side = assignment.scenario, assignment.variant.side
    worktree = None if side is None else Worktree.of(side)
    if worktree is not None:
        worktree.take_the_place()
    sys.path.insert(0, str(assignment.search_path))
    workload = build(scenario, torch.device(assignment.device_type), assignment.data_dir)
    try:
        loop = _loop(assignment, workload.setup, findings)
    except UserError as error:
        raise _RefusedError(error.message, where=error.where, hint=error.hint) from error
    return _Built(loop, workload.substitutions, findings, worktree)


def _loop(assignment: Assignment, setup: TrainingSetup, findings: list[Remark]) -> Loop:
    """Return the loop.

    What its pitfalls' checks find is added to ``findings`` before anything is built, so that it
    is known of a loop that fails as well.
    """
    for chosen in assignment.variant.techniques:
        before = len(setup.remarks)
        chosen.options.apply(setup)
        findings += [Remark(Source.SETUP, text, chosen.name) for text in setup.remarks[before:]]
    findings += [
        Remark(Source.PITFALL, finding, chosen.name, pitfall.key)
        for chosen in assignment.variant.techniques
        for pitfall in registry.load(chosen.name).pitfalls
        if (finding := pitfall.check(setup)) is not None
    ]
    loop = Loop(setup, assignment.scenario.seed)
    # A stopped loader process outlives a killed parent unless the kernel is told otherwise.
    os.register_at_fork(after_in_child=_die_with_parent)
    return loop


def _prepared(built: _Built, assignment: Assignment, request: WarmRequest) -> Prepared:
    loop, setup = built.loop, built.loop.setup
    try:
        warm = warm_up(loop, assignment.scenario.window.warmup, request.limit_s, look=request.look)
    except UserError as error:
        raise _RefusedError(error.message, where=error.where, hint=error.hint) from error
    if built.worktree is not None:
        built.worktree.hold()  # only now, since a model may import as it runs
    pause_loaders()
    give_back_caches(setup.device)
    queue = queue_capacity(loop)
    return Prepared(
        remarks=tuple(built.findings),
        accumulation=setup.accumulation,
        first_step_s=warm.first_step_s,
        step_ns=warm.step_ns,
        workers=setup.loader.num_workers if queue else 0,
        queue=queue,
        per_epoch=loop.batches.per_epoch,
        footprint=footprint(setup.device),
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

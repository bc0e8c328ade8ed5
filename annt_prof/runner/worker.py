"""One variant's process: builds the loop, then runs windows as it is told."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING

import torch

from annt_prof.errors import UserError
from annt_prof.runner.memory import host_peak_bytes, reset_host_peak
from annt_prof.runner.messages import (
    Assignment,
    Failure,
    LossKind,
    NumericsReply,
    NumericsRequest,
    Prepared,
    Probed,
    Reply,
    Request,
    StopRequest,
    TimedReply,
    TimedRequest,
    TracedReply,
    TracedRequest,
)
from annt_prof.runner.numerics import look_at
from annt_prof.runner.step import Loop
from annt_prof.runner.window import run_steps, run_timed, run_traced, wait_for
from annt_prof.techniques import registry
from annt_prof.techniques.technique import Machine
from annt_prof.telemetry import hardware
from annt_prof.workload.build import build

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from annt_prof.techniques.setup import TrainingSetup

_FIRST_WITH_TF32 = (8, 0)  # Ampere
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def probe(connection: Connection[Reply, Request], *, use_accelerator: bool) -> None:
    """Tell what torch sees of this machine. Touches the device, so it needs its own process."""
    uuid = None
    if use_accelerator and torch.cuda.is_available():
        machine = _cuda_machine()
        uuid = str(torch.cuda.get_device_properties(0).uuid)
    else:
        native_bfloat16 = bool(hardware.bfloat16_flags())
        machine = Machine("cpu", hardware.cpu_name(), 0, hardware.num_cores(), native_bfloat16)
    with contextlib.suppress(BrokenPipeError):  # an interrupted run no longer listens
        connection.send(Probed(machine, torch.get_num_threads(), uuid))


def _cuda_machine() -> Machine:
    return Machine(
        device_type="cuda",
        device_name=torch.cuda.get_device_name(0),
        num_devices=torch.cuda.device_count(),
        num_cores=hardware.num_cores(),
        native_bfloat16=torch.cuda.is_bf16_supported(including_emulation=False),
        tf32=torch.cuda.get_device_capability(0) >= _FIRST_WITH_TF32,
    )


def train(connection: Connection[Reply, Request], assignment: Assignment) -> None:
    """Build the assigned variant and serve windows until told to stop.

    This is the one place that catches everything: what goes wrong in a variant must cost only
    that variant, and it is reported with its reason.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the session decides what Ctrl-C means
    # A fork server's children would start loader processes by such a server too. In the user's
    # own program they start as the interpreter does by default, so here as well.
    multiprocessing.set_start_method(None, force=True)
    _log_to(assignment.log)
    # Read by torch as it compiles. Source: torch/_inductor/runtime/cache_dir_utils.py.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(assignment.compiled)
    # Accumulation and skipped steps are deliberate; torch warns of the order they cause.
    warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
    try:
        _serve(connection, assignment)
    except (EOFError, BrokenPipeError):
        return
    except UserError as error:
        kind: LossKind = "not_applicable" if isinstance(error, _RefusedError) else "user_error"
        connection.send(Failure(kind, error.message, error.where, error.hint))
    except Exception as error:  # noqa: BLE001 - isolates the variant; logged and reported
        traceback.print_exc()
        connection.send(Failure(_kind(error), _one_line(error)))


class _RefusedError(UserError):
    """The scenario could be built; its techniques refuse what was built."""


def _serve(connection: Connection[Reply, Request], assignment: Assignment) -> None:
    loop, prepared = _prepare(assignment)
    pause_loaders()
    connection.send(prepared)
    reset_peak = True
    while True:
        request = connection.recv()
        resume_loaders()
        match request:
            case StopRequest():
                return
            case TimedRequest():
                if reset_peak:
                    _reset_peak(loop.setup.device)
                    reset_peak = False
                window = run_timed(loop, request)
                pause_loaders()
                connection.send(TimedReply(window, *_peak(loop.setup.device)))
            case TracedRequest():
                traced = run_traced(loop, request.iterations, request.path)
                pause_loaders()
                connection.send(TracedReply(traced))
            case NumericsRequest():
                connection.send(NumericsReply(look_at(loop)))


def _prepare(assignment: Assignment) -> tuple[Loop, Prepared]:
    scenario = assignment.scenario
    sys.path.insert(0, str(assignment.search_path))
    workload = build(scenario, torch.device(assignment.device_type), assignment.data_dir)
    try:
        loop, remarks, first_step_s = _warm_loop(assignment, workload.setup)
    except UserError as error:
        raise _RefusedError(error.message, where=error.where, hint=error.hint) from error
    accumulation = workload.setup.accumulation
    return loop, Prepared(workload.substitutions, remarks, accumulation, first_step_s)


def _warm_loop(assignment: Assignment, setup: TrainingSetup) -> tuple[Loop, tuple[str, ...], float]:
    """Return the loop, warmed up, with what its pitfalls' checks found and its first step's s."""
    for chosen in assignment.variant.techniques:
        chosen.options.apply(setup)
    findings = [
        f"{chosen.name}: {finding}"
        for chosen in assignment.variant.techniques
        for pitfall in registry.load(chosen.name).pitfalls
        if (finding := pitfall.check(setup)) is not None
    ]
    loop = Loop(setup, assignment.scenario.seed)
    # A stopped loader process outlives a killed parent unless the kernel is told otherwise.
    os.register_at_fork(after_in_child=_die_with_parent)
    began = time.monotonic()
    first = run_steps(loop, 1)
    wait_for(setup.device)
    first_step_s = time.monotonic() - began
    warmup = assignment.scenario.window.warmup
    if first < warmup:
        run_steps(loop, warmup - first)
    wait_for(setup.device)
    return loop, (*setup.remarks, *findings), first_step_s


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def pause_loaders() -> None:
    """Stop this variant's loader processes, so that no queue fills while others are measured."""
    _signal_loaders(signal.SIGSTOP)


def resume_loaders() -> None:
    """Let this variant's loader processes go on."""
    _signal_loaders(signal.SIGCONT)


def _signal_loaders(number: signal.Signals) -> None:
    for child in multiprocessing.active_children():
        if child.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, number)


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        reset_host_peak()


def _peak(device: torch.device) -> tuple[int | None, str]:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device), "device allocations"
    return host_peak_bytes(), "host process"


def _kind(error: Exception) -> LossKind:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return "out_of_memory"
    # The CPU allocator raises a plain RuntimeError. Source: c10/core/impl/alloc_cpu.cpp.
    return "out_of_memory" if "DefaultCPUAllocator" in str(error) else "crashed"


def _one_line(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _log_to(path: Path) -> None:
    """Send what this process and its children print to a file: stdout belongs to the answer."""
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)

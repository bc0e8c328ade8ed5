"""A whole run, from a loaded scenario to a finished run directory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from annt_prof.compare.comparison import summarise
from annt_prof.errors import UserError
from annt_prof.loop.messages import Assignment
from annt_prof.loop.starting import observe_baseline, probe_machine, start_training_server
from annt_prof.machine.environment import collect
from annt_prof.plan import BASELINE, Variant
from annt_prof.runner.gate import laid_out
from annt_prof.runner.job import Job
from annt_prof.runner.question import build_question
from annt_prof.runner.run_directory import run_directory
from annt_prof.runner.session import Session
from annt_prof.runner.telling import Telling
from annt_prof.runner.variant_state import make_states
from annt_prof.runs import store
from annt_prof.runs.controls import ControlReader
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import Activity, Event, Progressed, RunEnded, Warned
from annt_prof.runs.layout import EVENTS_FILE, TELEMETRY_FILE
from annt_prof.runs.logs import keep, named
from annt_prof.runs.record import SCHEMA_VERSION, STOP_UNTOLD, Run
from annt_prof.telemetry import series
from annt_prof.telemetry.sampler import Sampler
from annt_prof.workers.shared_memory import demand, free_bytes, held_batches, remedy, shortage

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerContext

    from annt_prof.loop.messages import Probed
    from annt_prof.machine.machine import Machine
    from annt_prof.runner.gate import Gate, Reference
    from annt_prof.runner.question import Question
    from annt_prof.runner.session import Records
    from annt_prof.runs.record import VariantRecord
    from annt_prof.scenario.loading import Resolved, ScenarioDocument
    from annt_prof.techniques.observed import Observed

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class RunRequest:
    """What the command line asks for.

    Attributes:
        device: ``auto`` takes an accelerator where there is one.
        data_dir: Where data sets lie; None looks in the usual places.
        runs_dir: Where run directories are made.
        scenario_dir: Folder of the scenario, from which the user's own modules are imported.
        again: Whether the baseline is measured twice.
        other: A second scenario; the run is then about how the two differ.
        reference: What the scenario is held against in the same run; not beside ``other``.
        gate: Given the scenario as it takes effect here, what a check asks beside the windows;
            None of any other run.
        directory: Of the run, where the caller has made it, who also removes it if nothing is
            measured; None makes one in ``runs_dir``.
    """

    document: ScenarioDocument
    device: str
    data_dir: Path | None
    runs_dir: Path
    scenario_dir: Path
    again: bool = False
    other: ScenarioDocument | None = None
    reference: Reference | None = None
    gate: Callable[[Resolved], Gate] | None = None
    directory: Path | None = None


@dataclass(frozen=True)
class Recorded:
    """A finished run and where it lies."""

    run: Run
    directory: Path


def record_run(request: RunRequest, notify: Callable[[Event], None]) -> Recorded:
    """Measure the scenario and leave a run directory.

    The directory is there from the start, with what happens in it as it happens. Ctrl-C while
    measuring ends the run early and keeps what is measured. However it ends, a ``RunEnded`` is the
    last that is told of it.

    Raises:
        UserError: The scenario cannot be built here; no run directory is left then.
    """
    tell = notify
    with contextlib.ExitStack() as held:
        try:
            directory = held.enter_context(run_directory(request))
            log = held.enter_context(contextlib.closing(EventLog(directory / EVENTS_FILE)))
            tell = Telling(log, notify)
            recorded = _record(request, directory, tell)
        except BaseException as error:
            tell(_broken_off(error))
            raise
        run = recorded.run
        tell(Progressed(run.variants))
        tell(RunEnded("complete" if run.complete else "interrupted", run.stop))
    return recorded


def _broken_off(error: BaseException) -> RunEnded:
    if isinstance(error, KeyboardInterrupt):
        return RunEnded("interrupted", INTERRUPTED)
    if isinstance(error, UserError):
        return RunEnded("failed", error.message)
    return RunEnded("failed", f"{type(error).__name__}: {error}")


def _record(request: RunRequest, directory: Path, notify: Callable[[Event], None]) -> Recorded:
    notify(Activity("starting"))
    document = request.document
    context = start_training_server(
        _libraries((document.resolve(accelerator=False), document.resolve(accelerator=True)))
    )
    probed = probe_machine(context, use_accelerator=request.device != "cpu")
    accelerated = probed.machine.device_type != "cpu"
    if request.device == "cuda" and not accelerated:
        raise UserError(
            "no CUDA device is visible to torch",
            where="--device cuda",
            hint="annt-prof doctor says why; --device auto runs on the CPU",
        )
    resolved = document.resolve(accelerator=accelerated)
    gate = None if request.gate is None else request.gate(resolved)
    if gate is not None:
        resolved = laid_out(resolved)
    with tempfile.TemporaryDirectory(prefix="annt-prof-", ignore_cleanup_errors=True) as logs:
        observed = _observed(context, request, probed.machine, Path(logs), notify)
        question = build_question(request, resolved, probed.machine, observed, gate)
        job = Job(
            question.scenario,
            question.plan,
            probed.machine,
            request.data_dir,
            request.scenario_dir,
            Path(logs),
            question.baseline,
            observed=question.observed,
            gate=gate,
            directory=directory,
            against_reference=request.reference is not None,
        )
        remarks = _room_for_batches(job, notify)
        with Session(context, job, notify, ControlReader(directory)) as session:
            session.prepare()
            draft = _draft(directory, resolved, probed, session, question)
            draft = msgspec.structs.replace(draft, remarks=remarks)
            if gate is not None:
                session.stop_when(*_deciding(gate, draft, session))
            try:
                sampler = Sampler.start(
                    directory / TELEMETRY_FILE, os.getpid(), accelerated, probed.device_uuid
                )
                run = _measure(session, directory, draft, sampler, notify)
            finally:
                keep(Path(logs), directory, session.records)
    run = msgspec.structs.replace(run, variants=named(run.variants, directory))
    store.write(directory, run)
    return Recorded(run, directory)


def _observed(
    context: ForkServerContext,
    request: RunRequest,
    machine: Machine,
    logs: Path,
    notify: Callable[[Event], None],
) -> Observed | None:
    """Run one batch of each scenario without techniques, and return what the first one showed.

    Raises:
        UserError: A scenario cannot be built, or its batches or its model are of no use here.
    """
    observed: list[Observed | None] = []
    for document in (request.document, request.other):
        if document is None:
            continue
        notify(Activity("observing"))
        scenario = document.resolve(accelerator=machine.device_type != "cpu").scenario
        assignment = Assignment(
            scenario=scenario,
            variant=Variant(BASELINE, ()),
            device_type=machine.device_type,
            data_dir=request.data_dir,
            search_path=request.scenario_dir,
            log=logs / "observing.txt",
            compiled=logs / "compiled" / "observing",
        )
        try:
            observed.append(observe_baseline(context, assignment))
        except UserError as error:
            if not observed:
                raise
            message = f"the second scenario cannot be built: {error.message}"
            raise UserError(message, where=error.where, hint=error.hint) from None
    return observed[0]


def _deciding(
    gate: Gate, draft: Run, session: Session
) -> tuple[Callable[[Records, int], str | None], Callable[[Records, int], bool]]:
    """Return what a session asks of a check, which knows runs and no records."""

    def so_far(records: Records) -> Run:
        return msgspec.structs.replace(draft, variants=summarise(records, session.precision))

    return (
        lambda records, launches: gate.decides(so_far(records), launches),
        lambda records, launches: gate.to_be_explained(so_far(records), launches),
    )


def _room_for_batches(job: Job, notify: Callable[[Event], None]) -> tuple[str, ...]:
    """Warn of loader processes that may find no room for their batches.

    Raises:
        UserError: They certainly find none.
    """
    if job.observed is None:
        return ()
    workers = job.scenario.dataset.workers
    running = [state.variant for state in make_states(job) if state.runs]
    held = [held_batches(variant.techniques, workers) for variant in running]
    needed = demand(held, job.observed.batch_bytes)
    short = shortage(needed, free_bytes())
    if short is None:
        return ()
    said = f"{short}: {remedy(needed)}"
    notify(Warned(said))
    return (said,)


def _measure(
    session: Session,
    directory: Path,
    draft: Run,
    sampler: Sampler,
    notify: Callable[[Event], None],
) -> Run:
    def save(event: Event) -> None:
        if isinstance(event, Progressed):
            store.write(directory, msgspec.structs.replace(draft, variants=event.variants))

    session.notify_also(save)
    stop, complete = INTERRUPTED, False
    with sampler:
        store.write(directory, draft)
        # Ctrl-C ends the run, not the answer: what is measured by then is kept and shown.
        with contextlib.suppress(KeyboardInterrupt):
            measured = session.measure()
            stop = f"{measured.text}; {INTERRUPTED} while tracing"
            session.trace(directory)
            stop, complete = measured.text, True
        notify(Activity("writing"))
    variants = _with_telemetry(session.records, directory / TELEMETRY_FILE)
    return msgspec.structs.replace(
        draft,
        variants=summarise(variants, session.precision),
        telemetry_note=sampler.note,
        stop=stop,
        complete=complete,
        remarks=(*draft.remarks, *session.remarks),
    )


def _draft(
    directory: Path, resolved: Resolved, probed: Probed, session: Session, question: Question
) -> Run:
    return Run(
        schema_version=SCHEMA_VERSION,
        run_id=directory.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        scenario_name=resolved.scenario.name,
        scenario=question.values,
        environment=collect(probed.machine, probed.threads, probed.packages, probed.device_uuid),
        substitutions=session.substitutions,
        overrides_in_effect=resolved.overrides_in_effect,
        telemetry_note="",
        seed=resolved.scenario.seed,
        variants=session.records,
        stop=STOP_UNTOLD,
        complete=False,
        design=question.plan.design,
        orders=session.orders,
        differences=question.differences,
        reference=question.reference,
        same_in_both=question.same,
        switched_on=question.switched_on,
    )


def _with_telemetry(variants: tuple[VariantRecord, ...], path: Path) -> tuple[VariantRecord, ...]:
    """Reduce the samples to each variant's timed windows."""
    sampled = series.read(path)

    def enriched(variant: VariantRecord) -> VariantRecord:
        if not variant.windows:
            return variant
        # The switch-in belongs to the variant before; its energy is no energy of these samples.
        intervals = [(w.ended_ns - w.wall_ns, w.ended_ns) for w in variant.windows]
        iterations = sum(window.iterations for window in variant.windows)
        samples = iterations * variant.samples_per_iteration
        energy_j = sampled.energy_j(intervals)
        windows = tuple(
            msgspec.structs.replace(window, energy_j=sampled.energy_j([interval]))
            for window, interval in zip(variant.windows, intervals, strict=True)
        )
        return msgspec.structs.replace(
            variant,
            windows=windows,
            telemetry=sampled.summary(intervals),
            energy_per_sample_j=None if energy_j is None else energy_j / samples,
        )

    return tuple(enriched(variant) for variant in variants)


def _libraries(sources: tuple[Resolved, ...]) -> tuple[str, ...]:
    """The model libraries worth importing before the fork."""
    names = {resolved.scenario.model.source for resolved in sources}
    return ("torchvision", *sorted(names - {"python", "torchvision"}))

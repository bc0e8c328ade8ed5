"""What each technique could save, told from the baseline of a run or from a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.compare.old_records import with_figures
from annt_prof.errors import UserError
from annt_prof.explain.advice import advise, machine_of_run, machine_of_trace
from annt_prof.explain.prediction import evidence_of
from annt_prof.machine import ceilings
from annt_prof.plan import BASELINE
from annt_prof.views.advice_view import build_advice_view
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import Run
    from annt_prof.views.advice_view import AdviceView
    from annt_prof.views.screens.source import Source


def advice_on(source: Source) -> AdviceView:
    """Return the predictions from what is shown.

    Raises:
        UserError: It cannot be read, or holds no step to tell anything from.
    """
    return (
        advice_of_run(source.run) if isinstance(source, RunSource) else advice_of_trace(source.path)
    )


def advice_of_run(run: Run) -> AdviceView:
    """Return the predictions from a run's baseline.

    Raises:
        UserError: The baseline has no breakdown.
    """
    run = with_figures(run)
    baseline = next((v for v in run.variants if v.name == BASELINE), None)
    evidence = (
        None if baseline is None else evidence_of(run, baseline, ceilings.recall(run.environment))
    )
    if evidence is None:
        traced = baseline is not None and baseline.trace is not None
        problem = "has no breakdown; its remarks say why" if traced else "was not traced"
        raise UserError(f"the baseline of this run {problem}", where=run.run_id)
    advice = advise(evidence, machine_of_run(run))
    return build_advice_view(run.run_id, evidence, advice, of_a_run=True)


def advice_of_trace(path: Path, accelerator: bool | None = None) -> AdviceView:
    """Return the predictions from the mean step of a trace of any PyTorch program.

    Args:
        path: Of the file.
        accelerator: Whether the program used one; None where only the trace can tell.

    Raises:
        UserError: It cannot be read, or holds no step that can be told apart.
    """
    # Numpy and the reader of traces are not needed for a run.
    from annt_prof.explain.trace_evidence import evidence_of_trace
    from annt_prof.trace.reading import read

    trace = read(path)
    evidence = evidence_of_trace(trace, accelerator)
    advice = advise(evidence, machine_of_trace(trace, evidence))
    return build_advice_view(str(path), evidence, advice, of_a_run=False)

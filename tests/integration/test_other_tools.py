"""HolisticTraceAnalysis's figures beside ours, each difference accounted for by name."""

import dataclasses

import numpy as np
import pytest

from annt_prof.analysis.tables.temporal import temporal
from annt_prof.analysis.timeline.steps import find_steps
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.trace.columns import DEVICE_KINDS
from annt_prof.trace.reading import read

hta = pytest.importorskip("hta.trace_analysis", reason="needs HolisticTraceAnalysis 0.5")

PARTS = ("kernel_time", "compute_time", "non_compute_time", "idle_time")


def theirs(path):
    """Return their four figures in nanoseconds."""
    analysis = hta.TraceAnalysis(trace_files={0: str(path)}, include_last_profiler_step=False)
    row = analysis.get_temporal_breakdown(visualize=False).iloc[0]
    return [round(float(row[f"{part}(us)"]) * 1000) for part in PARTS]


def as_they_see_it(trace):
    """Undo the differences, each of which has a name.

    - Dropped last step: launches that began in it are left out, with what they launched.
    - Rounding: starts go up to whole microseconds and ends down.
    """
    events = trace.events
    steps = find_steps(trace)
    activities = np.flatnonzero(events.of_kind(*DEVICE_KINDS))
    dropped = activities[Timeline(trace).launch_times(activities) >= steps.start_ns[-1]]
    kept = np.ones(len(events), bool)
    kept[dropped] = False
    left = events[kept]
    start_ns = -(-left.start_ns // 1000) * 1000
    end_ns = np.maximum(left.end_ns // 1000 * 1000, start_ns)
    rounded = dataclasses.replace(left, start_ns=start_ns, end_ns=end_ns)
    return dataclasses.replace(trace, events=rounded)


@pytest.mark.parametrize("name", ["v100-allreduce-5steps", "a100-ddp-3steps"])
def test_without_the_last_step_and_rounded_ours_are_theirs(name, recorded):
    path = recorded(name)
    trace = read(path)
    ours = temporal(Timeline(as_they_see_it(trace)))
    found = [ours.kernel_time_ns, ours.compute_ns, ours.non_compute_ns, ours.idle_ns]
    whole = temporal(Timeline(trace))
    assert found == theirs(path)
    assert found[0] < 0.9 * whole.kernel_time_ns  # what dropping a step alone loses

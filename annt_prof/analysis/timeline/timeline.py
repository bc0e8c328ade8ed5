"""A trace as the analysis looks at it: what is derived from it is derived once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.analysis.timeline import blocking
from annt_prof.analysis.timeline.completeness import known_steps, whole_steps
from annt_prof.analysis.timeline.dependencies import gates
from annt_prof.analysis.timeline.host_collectives import host_collectives
from annt_prof.analysis.timeline.idleness import host_activity, idleness
from annt_prof.analysis.timeline.intervals import distinct, first_come, without
from annt_prof.analysis.timeline.launches import (
    UNKNOWN_CALL,
    UNKNOWN_NS,
    launch_calls,
    launched_before_recording,
)
from annt_prof.analysis.timeline.lost_launches import find_lost_launches
from annt_prof.analysis.timeline.passes import EVALUATION, backward_functions
from annt_prof.analysis.timeline.phases import PHASES, find_phases
from annt_prof.analysis.timeline.steps import EVERY_STEP, find_steps
from annt_prof.analysis.timeline.unrecorded import unrecorded_device
from annt_prof.analysis.timeline.waits import waits
from annt_prof.categories import KernelClass, Phase
from annt_prof.errors import UserError
from annt_prof.trace.columns import DEVICE_KINDS, HOST_KINDS, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.blocking import PageableWaits
    from annt_prof.analysis.timeline.dependencies import Gates
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.lost_launches import LostLaunches
    from annt_prof.analysis.timeline.phases import Phases
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.waits import Waits
    from annt_prof.trace.columns import Events, Trace

    Places = NDArray[np.intp]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Timeline:
    """A trace, the steps of it that are looked at, and what more than one question needs.

    Each part is worked out when it is first asked for, and kept. Indices are those of the trace's
    events, in the order of the file; masks of events have shape (events,), masks of names
    (names,).

    Attributes:
        trace: Of any PyTorch program.
        selection: Positions of the steps to look at, counted from 0.
        accelerator: Whether the program used one; None where only the trace can tell.
    """

    trace: Trace
    selection: slice = field(default_factory=lambda: EVERY_STEP)  # a slice has no hash
    accelerator: bool | None = None

    @property
    def events(self) -> Events:
        """All events of the trace."""
        return self.trace.events

    @cached_property
    def all_steps(self) -> Steps:
        """The steps of the trace, selected or not.

        Raises:
            UserError: The trace holds nothing that takes time.
        """
        return find_steps(self.trace)

    @cached_property
    def steps(self) -> Steps:
        """The selected steps that are told of.

        Those whose kernels the profiler lost are not among them, unless there are no others; of a
        file that breaks off all are, with what is left of them.

        Raises:
            UserError: The trace holds nothing that takes time, or no step is selected.
        """
        if not self.trace.losses:
            try:
                return self.whole_steps
            except UserError:
                pass  # none is whole, or none is selected
        return self.all_steps.chosen(self.selection)

    @cached_property
    def whole_steps(self) -> Steps:
        """The selected steps without those that the trace does not show as they were.

        These are all of which it is not known that the file holds their end, or for too much of
        which the profiler lost kernels.

        Raises:
            UserError: As for ``steps``, or no step is known to be whole.
        """
        return self._whole[0]

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Names of the steps that are not known to be whole; raises likewise."""
        return self._whole[1]

    @cached_property
    def _whole(self) -> tuple[Steps, tuple[str, ...]]:
        if self.trace.losses:
            whole, left_out = whole_steps(self.trace, self.all_steps)
            return whole.chosen(self.selection), left_out
        selected = self.all_steps.chosen(self.selection)
        return known_steps(self.trace, selected, self.lost_launches)

    @cached_property
    def lost_launches(self) -> LostLaunches:
        """Launches whose kernels the profiler lost."""
        return find_lost_launches(self.trace, self.activities, self._launch_calls)

    @cached_property
    def phases(self) -> Phases:
        """What the main thread was in."""
        return find_phases(self.trace, self.all_steps.main_thread)

    @cached_property
    def unrecorded(self) -> str | None:
        """Why the trace does not show what its device did; None where it does or there is none."""
        return unrecorded_device(self.trace, self.accelerator)

    @cached_property
    def on_main_thread(self) -> Mask:
        """Which events are on the thread that runs the steps."""
        mask: Mask = self.events.thread == self.all_steps.main_thread
        return mask

    @cached_property
    def evaluations(self) -> Mask:
        """Which events are autograd's evaluations of a node."""
        return self.trace.names_where([name.startswith(EVALUATION) for name in self.trace.names])

    @cached_property
    def backward_functions(self) -> Mask:
        """Which events are functions of a backward pass, evaluations and what they evaluate."""
        return backward_functions(self.trace, self.all_steps.main_thread)

    @cached_property
    def on_step_threads(self) -> Mask:
        """Which events are on the main thread or on autograd's.

        While autograd's threads run a backward pass the main thread waits for them. Others
        (pinning, watchdogs) hold nobody up.
        """
        threads = self.events.thread[self.backward_functions]
        threads = np.append(threads, self.all_steps.main_thread)
        mask: Mask = np.isin(self.events.thread, threads)
        return mask

    @cached_property
    def runtime_calls(self) -> Mask:
        """Which events are calls of a device's runtime or driver."""
        return self.events.of_kind(Kind.RUNTIME, Kind.DRIVER)

    @cached_property
    def activities(self) -> Places:
        """Indices of the kernels, copies and memsets."""
        return np.flatnonzero(self.events.of_kind(*DEVICE_KINDS))

    @cached_property
    def kernels(self) -> Places:
        """Indices of the kernels."""
        return np.flatnonzero(self.events.of_kind(Kind.KERNEL))

    @cached_property
    def copies(self) -> Places:
        """Indices of the copies."""
        return np.flatnonzero(self.events.of_kind(Kind.MEMCPY))

    @cached_property
    def kernel_classes(self) -> tuple[KernelClass, ...]:
        """What device activities of each name do, by the name's index.

        ``OTHER`` for names that no device activity bears.
        """
        classes = [KernelClass.OTHER] * len(self.trace.names)
        for name in distinct(self.events.name[self.activities]).tolist():
            classes[name] = kernel_class(self.trace.names[name])
        return tuple(classes)

    @cached_property
    def communicates(self) -> Mask:
        """Which names are of kernels that communicate."""
        return np.array([kind is KernelClass.COMMUNICATION for kind in self.kernel_classes], bool)

    @cached_property
    def to_device(self) -> Mask:
        """Which names are of copies from the host to a device."""
        return blocking.copies_to_device(self.trace)

    def launch_calls(self, activities: Places) -> Places:
        """Return the call that launched each device activity.

        Args:
            activities: Indices of device activities, shape (n,).

        Returns:
            Indices, shape (n,); ``UNKNOWN_CALL`` where the trace does not hold the call.
        """
        if activities is self.activities:
            return self._launch_calls
        calls: Places = self._launch_calls[np.searchsorted(self.activities, activities)]
        return calls

    def launch_times(self, activities: Places) -> NDArray[np.int64]:
        """Return when that call began, ns, shape (n,); ``UNKNOWN_NS`` where it is not known."""
        calls = self.launch_calls(activities)
        return np.where(calls == UNKNOWN_CALL, UNKNOWN_NS, self.events.start_ns[calls])

    @cached_property
    def host_recorded(self) -> bool:
        """Whether the trace holds anything that the host did."""
        return bool(self.events.of_kind(*HOST_KINDS).any())

    @cached_property
    def any_launch_known(self) -> bool:
        """Whether the trace holds the launch of any device activity."""
        return bool((self._launch_calls != UNKNOWN_CALL).any())

    @cached_property
    def _launch_calls(self) -> Places:
        return launch_calls(self.events, self.activities)

    @cached_property
    def launched_before(self) -> Mask:
        """Which of ``activities`` were launched before the profiler recorded calls."""
        return launched_before_recording(self.events, self.activities, self._launch_calls)

    @cached_property
    def gates(self) -> Gates:
        """What let each device activity begin."""
        return gates(self.trace, self.activities, self._launch_calls)

    @cached_property
    def pageable_waits(self) -> PageableWaits:
        """Copying calls in which the host waited for their own copy."""
        return blocking.pageable_waits(self.trace, self.copies, self.launch_calls(self.copies))

    @cached_property
    def synchronising_calls(self) -> Mask:
        """Which events are calls that waited for the device, on any thread."""
        return blocking.synchronising_calls(self.trace, self.pageable_waits)

    @cached_property
    def waits(self) -> Waits:
        """Waits for the device on any thread, in these calls and in loops that poll."""
        return waits(self.trace, self.synchronising_calls, self.activities)

    @cached_property
    def holding_up(self) -> Waits:
        """Those that held up the step."""
        return self.waits[self.on_step_threads[self.waits.call]]

    @cached_property
    def waiting(self) -> Segments:
        """When the host was in one of these."""
        return first_come(self.holding_up.start_ns, self.holding_up.end_ns)

    @cached_property
    def host_collectives(self) -> Segments:
        """When the host carries out a collective itself."""
        return host_collectives(self.trace)

    @cached_property
    def waited_collectives(self) -> Segments:
        """The part of these in which the main thread does not load data meanwhile."""
        phases = self.phases.segments
        loading = phases.label == PHASES.index(Phase.DATA_LOADING)
        return without(self.host_collectives, phases.start_ns[loading], phases.end_ns[loading])

    @cached_property
    def host_activity(self) -> Segments:
        """What the host does throughout the steps of the trace."""
        return host_activity(self)

    @cached_property
    def idleness(self) -> Segments:
        """When no device was busy during the steps of the trace, and why."""
        return idleness(self)

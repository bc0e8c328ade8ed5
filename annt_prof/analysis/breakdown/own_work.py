"""The device's work by the step that launched it, where the device is behind the host."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.apportionment import whole_numbers
from annt_prof.analysis.breakdown.breakdown import OwnWork
from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.timeline.intervals import NOWHERE, added_up, first_come
from annt_prof.analysis.timeline.launches import UNKNOWN_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.categories import Category

    Ints = NDArray[np.int64]


def own_work(timeline: Timeline) -> OwnWork | None:
    """Return what the whole steps launched, and how much of their time others' work filled.

    None where the trace holds the launch of no activity.
    """
    events, steps, activities = timeline.events, timeline.whole_steps, timeline.activities
    start_ns, end_ns = events.start_ns[activities], events.end_ns[activities]
    launched_ns = timeline.launch_times(activities)
    if not timeline.any_launch_known:
        return None
    known = (launched_ns != UNKNOWN_NS) | timeline.launched_before
    # From the first step on that began after its launch, an activity is of an earlier one.
    begun = np.searchsorted(steps.start_ns, launched_ns, side="right")
    earlier_ns = np.append(steps.start_ns, end_ns.max())[begun]
    since_ns = np.minimum(np.maximum(start_ns, earlier_ns), end_ns)
    stepping = first_come(steps.start_ns, steps.end_ns)
    until_end_ns = stepping.length_before(end_ns)
    within_ns = until_end_ns - stepping.length_before(start_ns)
    earlier = np.where(known, until_end_ns - stepping.length_before(since_ns), 0)
    num_steps, by_category_ns = _by_launching_step(timeline, launched_ns, end_ns - start_ns)
    return OwnWork(
        device_ns=int(within_ns.sum()),
        launched_earlier_ns=int(earlier.sum()),
        before_recording_ns=int(within_ns[timeline.launched_before].sum()),
        num_steps=num_steps,
        by_category_ns=by_category_ns,
    )


def _by_launching_step(
    timeline: Timeline, launched_ns: Ints, duration_ns: Ints
) -> tuple[int, dict[Category, int]]:
    """Return of how many steps every launch is known, and what one of them launches on average."""
    steps, missing_ns = timeline.whole_steps, timeline.lost_launches.from_ns
    missing = np.searchsorted(missing_ns, np.stack((steps.start_ns, steps.end_ns)))
    complete = missing[0] == missing[1]
    step = steps.step_at(launched_ns)
    own = (step != NOWHERE) & np.append(complete, False)[step]
    category = activity_categories(timeline, timeline.activities)
    total_ns = added_up(category[own], duration_ns[own], len(CATEGORIES))
    num_steps = int(complete.sum())
    if not num_steps:
        return 0, {}
    shares = {
        category: Fraction(int(ns), num_steps)
        for category, ns in zip(CATEGORIES, total_ns, strict=True)
        if ns
    }
    return num_steps, whole_numbers(shares, round(sum(shares.values(), Fraction())))

"""What the breakdown, the table of gaps and the critical path say of the same idle time."""

from annt_prof.analysis.timeline.idleness import CATEGORY_OF, Cause
from annt_prof.categories import Category


def assert_agreement(analysis):
    """The breakdown, the gaps and the path tell the same of every step's idle time."""
    categories = {CATEGORY_OF[Cause(cause)] for cause in analysis.idle.by_cause_ns}
    spent = dict.fromkeys(categories, 0)
    for cause, ns in analysis.idle.by_cause_ns.items():
        spent[CATEGORY_OF[Cause(cause)]] += ns
    total = {
        category: sum(step.by_category_ns.get(category, 0) for step in analysis.breakdown.steps)
        for category in spent
    }
    for category in (Category.HOST_BOUND, Category.QUEUED, Category.SYNC):
        assert spent[category] == total[category]
    # These are of busy devices as well: the loader too may launch a kernel.
    for category in (Category.COMMUNICATION, Category.DATA_LOADING, Category.UNATTRIBUTED):
        assert spent[category] <= total[category]
    if analysis.critical_path is None:
        return
    path = analysis.critical_path.steps
    assert sum(sum(step.idle_ns.values()) for step in path) == analysis.idle.total_ns
    for step in path:
        assert set(step.idle_ns) <= set(step.on_path_ns)
        assert all(ns <= step.on_path_ns[category] for category, ns in step.idle_ns.items())
    # Where the path waits with the device it waits for what the device idles for; where it is with
    # the host, that may go on while the device is idle for another reason.
    queued_ns = sum(step.idle_ns.get(Category.QUEUED, 0) for step in path)
    assert queued_ns <= spent[Category.QUEUED]

"""What questions about epochs' starts may take of the budget."""

from annt_prof.runner.epoch_costs import reserved_s
from annt_prof.windows.messages import Prepared

MS = 1_000_000


def test_batches_that_come_in_bursts_are_reckoned_whole() -> None:
    """Three epochs of twelve iterations of 25 ms in two launches; most steps take only 1 ms."""
    bursts = Prepared((), 1, 0.1, step_ns=(MS, MS, MS, 97 * MS), workers=4, queue=8)
    assert reserved_s([bursts], period=4, budget_s=90) == 2 * 3 * 12 * 0.025
    assert reserved_s([bursts], period=4, budget_s=15) == 0

"""What stands out on a terminal with colours, and what stays quiet."""

from __future__ import annotations

import pytest
from commands import assert_reads_as_before, printed
from made_runs import RUNS

CALLS = {
    **{f"show_{run_id.split('-')[-1]}": ("show", f"runs/{run_id}") for run_id in RUNS},
    **{f"explain_{run_id.split('-')[-1]}": ("explain", f"runs/{run_id}") for run_id in RUNS},
    "analyze": ("analyze", "device.json"),
    "ranks": ("analyze", "ranks"),
    "advise": ("advise", "device.json"),
    "technique": ("techniques", "amp"),
    "techniques": ("techniques",),
}
pytestmark = pytest.mark.usefixtures("in_made")


@pytest.mark.parametrize("name", CALLS)
def test_colours_are_what_they_were(name: str) -> None:
    shown = printed(*CALLS[name], width=120, colours=True)
    assert "\x1b[1m" in shown
    assert_reads_as_before(shown, f"colours/{name}.ansi")

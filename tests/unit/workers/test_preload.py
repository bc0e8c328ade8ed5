"""What the fork server sets up before it forks workers."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("error", "is_told"), [("EOFError('Ran out of input')", False), ("OSError('no room')", True)]
)
def test_a_command_that_ended_while_it_started_a_worker_is_no_failure(error, is_told):
    fork_server = "import annt_prof.workers.preload"
    told = subprocess.run(
        [sys.executable, "-c", f"{fork_server}\nraise {error}"],
        check=False, capture_output=True, text=True,
    ).stderr  # fmt: skip
    assert ("Traceback" in told) is is_told

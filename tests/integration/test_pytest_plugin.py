"""The ``step_budget`` fixture in a project of its own, with the real command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_check import MODULE, SCENARIO

from conftest import Workbench

TESTS = """\
import pytest


@pytest.mark.step_budget("ci.yaml", device="cpu")
def test_within(step_budget):
    result = step_budget(step_time={"max": "1 s"})
    assert [checked.outcome for checked in result.checked] == ["pass"]


@pytest.mark.step_budget("ci.yaml", device="cpu")
def test_over(step_budget):
    step_budget(step_time={"max": "1 ms"})


def test_mistaken(step_budget):
    step_budget("ci.yaml", step_time={"max": "42 parsecs"})


def test_untold(step_budget):
    step_budget("ci.yaml", device="cpu", step_time={"max_ratio": 1.5, "to": "baseline"})
"""


@pytest.mark.slow
def test_a_projects_own_tests_hold_a_step_to_its_budgets(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    (tmp_path / "paced.py").write_text(MODULE)
    (tmp_path / "ci.yaml").write_text(SCENARIO)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_step.py").write_text(TESTS)
    command = (sys.executable, "-m", "pytest", "-p", "annt_prof.pytest_plugin", "-rA", "-v")
    done = subprocess.run(
        command, cwd=tmp_path, env=bench.environment, capture_output=True, text=True, timeout=500
    )
    told = done.stdout
    assert re.findall(r"test_step\.py::(\w+) (\w+)", told)[:4] == [
        ("test_within", "PASSED"), ("test_over", "FAILED"), ("test_mistaken", "FAILED"),
        ("test_untold", "SKIPPED"),
    ], told + done.stderr  # fmt: skip

    over, mistaken = re.split(r"_+ test_(?:over|mistaken) _+\n", told)[1:3]
    assert over.startswith("FAIL: 1 of 1 budget failed")
    assert re.search(r"^  ! step_time: .* limit at most 1\.0+ ms", over, re.MULTILINE)
    again = re.search(r"^again +annt-prof (.*)$", over, re.MULTILINE)
    assert again is not None
    assert re.fullmatch(
        r"check ci\.yaml --device cpu --budgets runs/step_budget-\w{8}\.yaml --runs-dir runs",
        again[1],
    )
    assert re.search(r"runs/step_budget-\w{8}\.yaml:2:\d+: .*parsecs", mistaken)
    assert "nothing checked: 1 of 1 budget skipped; step_time: " in told.rsplit("SKIPPED [1]", 1)[1]

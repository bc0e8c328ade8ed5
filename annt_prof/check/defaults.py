"""Where a project's baselines lie and what the usual one is called, unless somebody says else."""

from __future__ import annotations

from pathlib import Path

BASELINES_FOLDER = Path("reports") / "baselines"
BASELINE_NAME = "main"
RESULT_VARIABLE = "ANNT_PROF_CHECK_RESULT"
"""Names the file that takes a check's result as it is, for the pytest plug-in."""

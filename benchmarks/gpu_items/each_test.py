"""A plug-in of pytest: one JSON line as each test begins and ends, for who cannot wait for all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_OPTION = "--each-test"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the file be named."""
    parser.addoption(_OPTION, type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write it."""
    config.pluginmanager.register(_Told(config.getoption(_OPTION)))


class _Told:
    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell that a test begins."""
        self._write(nodeid, "begun", 0.0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell how it ended; a setup or teardown that went well is not told."""
        if report.when == "call" or not report.passed:
            self._write(report.nodeid, report.outcome, report.duration)

    def _write(self, test: str, outcome: str, seconds: float) -> None:
        line = {"test": test, "outcome": outcome, "seconds": round(seconds, 3)}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def read(path: Path) -> dict[str, set[str]]:
    """Return the tests by how they went; a line that broke off is left out."""
    found = {outcome: set[str]() for outcome in ("begun", "passed", "failed", "skipped")}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            told = json.loads(line)
        except ValueError:
            break
        found[told["outcome"]].add(told["test"])
    return found

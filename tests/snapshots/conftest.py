"""A folder with hand-made runs and traces, in which every page is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_runs import CALIBRATED, CEILINGS, RUNS
from made_traces import write_traces

from annt_prof.machine import ceilings
from annt_prof.runs import store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the runs, the traces and the ceilings of one of the machines."""
    folder = tmp_path_factory.mktemp("made")
    for run_id, run in RUNS.items():
        directory = folder / "runs" / run_id
        directory.mkdir(parents=True)
        store.write(directory, run)
    write_traces(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        ceilings.keep(CALIBRATED, CEILINGS)
    return folder


@pytest.fixture
def in_made(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in that folder, so that pages hold no path of this machine."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("XDG_CACHE_HOME", str(made / "cache"))
    return made

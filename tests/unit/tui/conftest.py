"""Run directories to open."""

from __future__ import annotations

from pathlib import Path

import pytest

from annt_prof.runs import store
from annt_prof.views.screens.source import RunSource
from hand_made import cpu_run, gpu_run


@pytest.fixture
def cpu(tmp_path: Path) -> RunSource:
    made = store.create(tmp_path / "runs", "vit_amp", "")
    store.write(made, cpu_run())
    return RunSource(made)


@pytest.fixture
def gpu(tmp_path: Path) -> RunSource:
    made = store.create(tmp_path / "runs", "vit_tuned", "")
    store.write(made, gpu_run())
    return RunSource(made)

"""Records as older versions wrote them open, and their answers are what they were.

``tests/fixtures/runs`` holds what those versions' own code wrote; nothing writes it anew.
``v2_early`` is the first form of version 2, before waits, logs, recorded events and kernels'
precisions were kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import assert_reads_as_before, printed

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDS = sorted(path.parent.relative_to(FIXTURES) for path in FIXTURES.glob("runs/*/*/run.json"))
CALLED = [
    pytest.param(command, record, id=f"{command}-{record}")
    for record in RECORDS
    for command in ("show", "explain", "advise")
    if command != "advise" or "sampled" not in record.name  # of which nothing was traced
]


@pytest.fixture(autouse=True)
def _in_fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where the records' paths are short, on a machine that was never calibrated."""
    monkeypatch.chdir(FIXTURES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def page(command: str, record: Path, kind: str) -> str:
    return f"old_records/{record.parent.name}/{record.name.split('-')[-1]}_{command}{kind}"


@pytest.mark.parametrize(("command", "record"), CALLED)
def test_an_old_record_reads_as_it_did(command: str, record: Path) -> None:
    assert_reads_as_before(printed(command, str(record)), page(command, record, ".txt"))
    assert_reads_as_before(printed(command, str(record), "--json"), page(command, record, ".json"))


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_the_file_itself_opens_like_its_directory(record: Path) -> None:
    assert printed("show", str(record / "run.json")) == printed("show", str(record))


def test_the_fixtures_are_of_the_versions_that_they_stand_for() -> None:
    written = {str(record): json.loads((record / "run.json").read_bytes()) for record in RECORDS}
    versions = {name.split("/")[1]: record["schema_version"] for name, record in written.items()}
    assert versions == {"v1": 1, "v2_early": 2, "v2": 2}
    for name, record in written.items():
        windows = [window for variant in record["variants"] for window in variant["windows"]]
        assert len(record["variants"]) >= 3
        assert windows
        assert all(("wall_ns" in w) == ("median_ns" not in w) == ("v2" in name) for w in windows)

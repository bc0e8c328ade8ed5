"""The runs of a folder, damaged ones among them."""

from pathlib import Path

import pytest

from annt_prof.runs import store
from annt_prof.runs.listing import ListedVariant, list_runs
from hand_made import cpu_run, gpu_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, record in (("20260101-000000-gpu", gpu_run()), ("20260201-000000-cpu", cpu_run())):
        (tmp_path / name).mkdir()
        store.write(tmp_path / name, record)
    return tmp_path


def test_the_newest_comes_first(root: Path) -> None:
    assert [listed.directory.name for listed in list_runs(root)] == [
        "20260201-000000-cpu",
        "20260101-000000-gpu",
    ]


def test_it_tells_what_one_chooses_by(root: Path) -> None:
    record, listed = cpu_run(), list_runs(root)[0].run
    assert listed is not None
    assert (listed.created, listed.scenario_name) == (record.created, record.scenario_name)
    assert listed.variants == tuple(ListedVariant(v.name, v.status) for v in record.variants)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"{", "damaged"), (b"[]", "damaged"), (b"\xff", "damaged"), (b"", "damaged"),
     (b'{"schema_version": 99, "created": "", "scenario_name": "", "variants": []}', "newer")],
)  # fmt: skip
def test_what_cannot_be_read_is_listed_as_such(root: Path, content: bytes, problem: str) -> None:
    (root / "20260301-000000-odd").mkdir()
    (root / "20260301-000000-odd" / "run.json").write_bytes(content)
    first, *rest = list_runs(root)
    assert first.run is None
    assert problem in first.problem
    assert len(rest) == 2


def test_a_record_that_is_a_folder_is_listed_as_such(root: Path) -> None:
    (root / "20260301-000000-odd" / "run.json").mkdir(parents=True)
    assert "cannot be read" in list_runs(root)[0].problem


def test_no_folder_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == ()

import csv
import errno
import json
import os
import stat
import threading
from pathlib import Path

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.record import SCHEMA_VERSION, Run
from hand_made import cpu_run, gpu_run, run, variant


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return store.create(tmp_path / "runs", "vit_amp", "name: vit_amp\n")


@pytest.mark.parametrize("record", [cpu_run(), gpu_run(), run(variant("baseline", []))])
def test_what_is_written_is_read_back(directory: Path, record: Run) -> None:
    store.write(directory, record)
    assert store.load(directory) == record
    assert store.load(directory / "run.json") == record


def test_a_directory_is_named_after_time_and_scenario(directory: Path) -> None:
    day, clock, name = directory.name.split("-")
    assert (len(day), len(clock), name) == (8, 6, "vit_amp")
    assert (directory / "scenario.yaml").read_text() == "name: vit_amp\n"


def test_a_hostile_scenario_name_stays_inside_the_root(tmp_path: Path) -> None:
    made = store.create(tmp_path, "../../etc/\x1b[31m" + "x" * 500, "")
    assert made.parent == tmp_path
    assert len(made.name) < 120


def test_runs_of_the_same_second_get_names_of_their_own(tmp_path: Path) -> None:
    made: list[Path] = []
    threads = [
        threading.Thread(target=lambda: made.append(store.create(tmp_path, "vit", "")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 12


def test_step_times_are_a_table(directory: Path) -> None:
    store.write(directory, cpu_run())
    with (directory / "step_times.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == store.STEP_TIMES_COLUMNS
    assert len(rows) == 4 * 12 * 5
    first = cpu_run().variants[0].windows[0]
    assert [int(row["step_ns"]) for row in rows[:5]] == list(first.step_ns)


def test_writing_again_replaces_and_leaves_nothing_beside(directory: Path) -> None:
    store.write(directory, cpu_run())
    store.write(directory, gpu_run())
    assert store.load(directory) == gpu_run()
    assert {p.name for p in directory.iterdir()} == {"run.json", "scenario.yaml", "step_times.csv"}


def test_others_may_read_a_run(directory: Path) -> None:
    store.write(directory, cpu_run())
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((directory / "run.json").stat().st_mode) == 0o666 & ~mask


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_run_as_it_was(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(directory, cpu_run())
    before = {p.name: p.read_bytes() for p in directory.iterdir()}
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UserError, match="the disk is full") as caught:
        store.write(directory, gpu_run())
    assert caught.value.where == str(directory)
    assert "free some space" in str(caught.value.hint)
    assert {p.name: p.read_bytes() for p in directory.iterdir()} == before


def test_a_full_disk_leaves_no_directory_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UserError, match="the disk is full"):
        store.create(tmp_path, "vit", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_device_is_told_as_such() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(UserError, match="the disk is full"), store._remedy(Path("/dev"), "x"):
        Path("/dev/full").write_text("text")


@pytest.mark.parametrize("blocked", ["root_is_a_file", "parent_is_a_file"])
def test_a_root_that_cannot_be_written_is_named(tmp_path: Path, blocked: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    root = file if blocked == "root_is_a_file" else file / "runs"
    with pytest.raises(UserError) as caught:
        store.create(root, "vit", "")
    assert caught.value.where == str(root)
    assert "--runs-dir" in str(caught.value.hint)


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        store.create(tmp_path, "vit", "")


def test_a_newer_version_says_which_and_how_to_upgrade(directory: Path) -> None:
    record = json.loads(msgspec.json.encode(cpu_run()))
    record["schema_version"] = SCHEMA_VERSION + 1
    record["variants"] = "of another shape altogether"
    (directory / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=f"schema version is {SCHEMA_VERSION + 1}") as caught:
        store.load(directory)
    assert "upgrade" in str(caught.value.hint)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema_version": "1"}',
        b'{"schema_version": 1}',
        b"\xff\xfe",
        b'{"schema_version": 1, "variants": ' + b"[" * 100_000,
        msgspec.json.encode(cpu_run())[:-100],
    ],
)
def test_a_damaged_record_is_told_as_such(directory: Path, content: bytes) -> None:
    (directory / "run.json").write_bytes(content)
    with pytest.raises(UserError, match="not the record of a run") as caught:
        store.load(directory)
    assert caught.value.where == str(directory / "run.json")


def test_no_run_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run here"):
        store.load(tmp_path)
    with pytest.raises(UserError, match="no run here"):
        store.load(tmp_path / "absent")


def test_fields_of_a_later_minor_version_are_ignored(directory: Path) -> None:
    record = json.loads(msgspec.json.encode(cpu_run()))
    record["added_later"] = 1
    (directory / "run.json").write_text(json.dumps(record))
    assert store.load(directory) == cpu_run()


class TestFinding:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for name in ("20260101-000000-a", "20260301-000000-c", "20260201-000000-b"):
            (tmp_path / name).mkdir()
            store.write(tmp_path / name, cpu_run())
        (tmp_path / "20270101-000000-nothing-was-written").mkdir()
        (tmp_path / "a file").write_text("")
        return tmp_path

    def test_the_latest_is_the_one_whose_name_is_latest(self, root: Path) -> None:
        assert store.latest(root).name == "20260301-000000-c"
        assert store.find(None, root) == store.latest(root)

    def test_a_name_or_a_path_will_do(self, root: Path) -> None:
        assert store.find("20260101-000000-a", root) == root / "20260101-000000-a"
        path = root / "20260201-000000-b" / "run.json"
        assert store.find(str(path), root) == path

    def test_a_near_name_is_suggested(self, root: Path) -> None:
        with pytest.raises(UserError, match='did you mean "20260301-000000-c"'):
            store.find("20260301-000001-c", root)

    def test_a_renamed_run_is_as_old_as_its_record(self, root: Path) -> None:
        (root / "20260101-000000-a").rename(root / "the good one")
        assert store.latest(root).name == "the good one"

    def test_no_runs_at_all(self, tmp_path: Path) -> None:
        for root in (tmp_path, tmp_path / "absent"):
            with pytest.raises(UserError, match="no runs here"):
                store.latest(root)

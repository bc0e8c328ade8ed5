"""The hour on a GPU is rehearsed on a CPU: what it writes, skips, kills and prints."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import warnings
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks import gpu_hour
from benchmarks.gpu_items import catalogue, executing, sizing
from benchmarks.gpu_items.archive import Archive
from benchmarks.gpu_items.owed import NOT_SERVED, Owed
from benchmarks.gpu_items.table import owed_lines, table
from benchmarks.gpu_items.values import (
    PRODUCT_NEEDS,
    Item,
    Outcome,
    Reading,
    Status,
    interval_holds,
)
from conftest import wait_until

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu_hour.py"
AVAILABLE_S = gpu_hour.DEADLINE_S - gpu_hour.RESERVED_S - gpu_hour.STARTING_S


def start(*arguments: object) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def lines(folder: Path) -> list[dict]:
    def refused(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (folder / "results.jsonl").read_text()
    return [json.loads(line, parse_constant=refused) for line in text.splitlines()]


def command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            found.append(path.read_text(errors="replace"))
    return found


def bullets() -> list[str]:
    """The questions of the page, of both what was seen and what is owed."""
    page = (ROOT / "reports" / "README.md").read_text()
    sections = page.split("## Measured on a CUDA device")[1]
    found = re.findall(r"^- \*\*(.*?)\*\*", sections, re.MULTILINE | re.DOTALL)
    assert len(found) == len(re.findall("^- ", sections, re.MULTILINE))
    return [" ".join(bullet.split()) for bullet in found]


def every_item() -> list[tuple[int, Item]]:
    parts = (
        (part, catalogue.items(part, sizing.Sizing(), AVAILABLE_S)) for part in catalogue.PARTS
    )
    return [(part, item) for part, items in parts for item in items]


@pytest.mark.slow
@pytest.mark.parametrize("part", catalogue.PARTS)
def test_a_dry_run_rehearses_a_part(part: int, tmp_path: Path) -> None:
    process = start("--part", part, "--deadline", 500, "--out", tmp_path, "--dry-run", "--lanes", 2)
    stdout, stderr = process.communicate(timeout=600)
    found = lines(tmp_path)
    unexpected = [
        (each["key"], each["status"], each["reason"])
        for each in found
        if each["status"] not in ("done", "skipped")
    ]
    assert not unexpected, stderr
    assert process.returncode == 0
    assert any(each["status"] == "done" for each in found)
    asked = [item.key for p, item in every_item() if p == part]
    assert sorted(each["key"] for each in found) == sorted(asked)
    for each in found:
        assert each["part"] == part
        assert each["rehearsal"] or each["status"] == "skipped"
        assert (each["status"] == "skipped") == bool(each["reason"])
        assert each["readings"] or each["status"] == "skipped"
    assert stdout.count("\nowed: ") == len(Owed)
    assert "only rehearsed on a CPU" in stdout
    assert (tmp_path / f"part{part}.txt").read_text() == stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) <= 4
    assert all(path.parent == tmp_path and path.stat().st_size < 16e6 for path in files)
    if part == 1:
        assert sizing.load(tmp_path / "sizing.json") != sizing.Sizing()


def test_without_a_device_nothing_is_measured(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    process = start("--part", 2, "--out", tmp_path)
    stdout, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert {each["reason"] for each in lines(tmp_path)} == {"torch sees no CUDA device"}
    assert "skipped: resnet50_amp" in stdout


def test_what_is_missing_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or a machine that is lent once would be given back with every item skipped."""
    lacking = {"msgspec", "pydantic_core", "ruamel.yaml", "sklearn"}
    can_import = executing._can_import
    monkeypatch.setattr(
        executing, "_can_import", lambda name: name not in lacking and can_import(name)
    )
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["gpu_hour.py", "--part", "2", "--out", str(out)])
    assert gpu_hour.main() == 2
    told = capsys.readouterr().err
    assert told.startswith("not installed: msgspec, pydantic_core, ruamel.yaml, sklearn. ")
    assert told.endswith("\n")
    assert told.count("\n") == 1
    assert "msgspec pydantic_core ruamel.yaml scikit-learn" in told
    assert not out.exists()


def test_what_the_product_needs_is_known_with_what_that_needs() -> None:
    """Wheels that are brought along one by one come without their own needs."""
    installed = metadata.packages_distributions()
    known = {canonicalize_name(installed.get(module, [module])[0]) for module in PRODUCT_NEEDS}
    for distribution in known - {"torch", "torchvision"}:  # which are not brought along
        for told in metadata.requires(distribution) or ():
            needed = Requirement(told)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in known, distribution


def test_told_to_end_it_still_prints_its_table(tmp_path: Path) -> None:
    process = start("--part", 1, "--out", tmp_path, "--dry-run", "--lanes", 1)
    wait_until((tmp_path / "results.jsonl").exists, process)
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=60)
    found = lines(tmp_path)
    assert len(found) == len(catalogue.items(1, sizing.Sizing(), AVAILABLE_S))
    assert "ended by SIGTERM" in {each["reason"] for each in found}
    assert stdout.count("\nowed: ") == len(Owed)


def test_killed_it_leaves_what_was_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that is taken back sends no SIGTERM first; items that go on would hold the next."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # which is told to items
    out, found = tmp_path / "out", tmp_path / "sizing.json"
    sizing.save(found, sizing.Sizing(launch_s=3.0))
    process = start("--part", 1, "--out", out, "--dry-run", "--lanes", 1, "--sizing", found)
    wait_until((out / "part1.txt").exists, process)
    process.kill()
    process.communicate(timeout=60)
    assert [each["key"] for each in lines(out)] == ["versions"]
    told = (out / "part1.txt").read_text()
    assert re.search(r"\nversions +done", told)
    assert told.count("\nowed: ") == len(Owed)
    with tarfile.open(out / "part1.tar.gz") as archive:
        assert "versions/log.txt" in archive.getnames()
    assert sizing.load(out / "sizing.json").launch_s == 3.0
    assert len([*out.iterdir()]) == 4
    for _ in range(300):
        if not any(str(tmp_path) in told for told in command_lines()):
            break
        time.sleep(0.1)
    else:
        pytest.fail("an item runs on")


def test_the_owed_bullets_are_those_of_the_page() -> None:
    assert sorted(bullets()) == sorted(owed.value for owed in Owed)


def test_every_owed_bullet_is_served() -> None:
    served = {owed for _, item in every_item() for owed in item.serves}
    assert served == set(Owed)
    assert set(NOT_SERVED) < set(Owed)


def test_items_are_told_apart_by_their_keys() -> None:
    keys = [item.key for _, item in every_item()]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9_+]+", key) for key in keys)
    assert all(item.limit_s > item.estimate_s for _, item in every_item())


def test_the_smoke_matrix_has_every_technique() -> None:
    from annt_prof.techniques import registry
    from benchmarks.gpu_items import every_technique, smoke

    assert registry.shipped() == smoke.TECHNIQUES
    mixed = [name for mix in every_technique.MIXES.values() for name in mix]
    assert sorted(mixed) == list(registry.shipped())


@pytest.mark.parametrize("other", ["activation_checkpointing", "compile"])
def test_no_mix_captures_what_capture_may_refuse(other: str) -> None:
    """Where it does the whole mix is lost; the smoke matrix and the tests look at the pair."""
    from benchmarks.gpu_items import every_technique

    for mix in every_technique.MIXES.values():
        assert not {"cuda_graphs", other} <= {*mix}


def test_the_smoke_matrix_recomputes_under_capture() -> None:
    from benchmarks.gpu_items import smoke

    pair = ("cuda_graphs", "activation_checkpointing")
    assert pair in smoke.PAIRS
    refusal = RuntimeError("Cannot call current_seed during CUDA graph capture.")
    for names, error, is_an_answer in (
        (pair, refusal, True),
        (pair, RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (("cuda_graphs", "amp"), refusal, False),
    ):
        assert smoke._failed("resnet18@32", names, error).as_expected is is_an_answer


def test_what_is_written_for_the_items_is_a_scenario(tmp_path: Path) -> None:
    from benchmarks.gpu_items import every_technique, product, recorder, smoke, traces
    from benchmarks.gpu_items.reporting import Task

    for tiny in (False, True):
        task = Task("cpu" if tiny else "cuda", tiny, *[tmp_path / "readings"] * 4)
        documents = [traces._scenario(task), recorder._scenario(task)]
        documents += [document for _, document in smoke.models(task)]
        documents += [
            every_technique._scenario(task, mix, 60) for mix in every_technique.MIXES.values()
        ]
        for document in documents:
            product.read_scenario(document, tmp_path, accelerator=not tiny)


def test_runs_ask_for_the_launches_that_they_are_given_time_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from annt_prof.plan import LEAST_LAUNCHES
    from benchmarks.gpu_items import every_technique, scenarios
    from benchmarks.gpu_items.reporting import Task

    task = Task("cuda", False, *[tmp_path] * 4)
    given = SimpleNamespace(name="resnet50_amp", budget_s=60.0, aa=False)
    asked: list[str] = []
    monkeypatch.setattr(scenarios, "task_of", lambda _: (task, given))
    monkeypatch.setattr(scenarios, "measure", lambda *options: asked.extend(map(str, options)))
    scenarios.main()
    assert f"window.min_launches={LEAST_LAUNCHES}" in asked
    for mix in every_technique.MIXES.values():
        window = every_technique._scenario(task, mix, 60)["window"]
        assert window["min_launches"] == LEAST_LAUNCHES


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function from an item's program to its outcomes."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(
        program: str, *, estimate_s: float = 1, limit_s: float = 60, deadline_s: float = 60,
        needs: tuple[str, ...] = (),
    ) -> list[Outcome]:  # fmt: skip
        (tmp_path / "fake_item.py").write_text(program)
        plan = executing.Plan(
            part=1, deadline=time.monotonic() + deadline_s, dry_run=False, has_device=True,
            lanes=1, work=tmp_path / "work", sizing=tmp_path / "sizing.json", ended=lambda: None,
        )  # fmt: skip
        item = Item("fake", "fake_item", "a fake", (Owed.CLOCK,), estimate_s, limit_s, needs=needs)
        return list(executing.run([item], plan))

    return run


def test_a_hanging_item_is_killed_with_its_children(fake, tmp_path: Path) -> None:
    """Also those that have a process group of their own, as loader and sampling processes do."""
    (outcome,) = fake(
        "import os, pathlib, subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleep, process_group=0)\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n",
        limit_s=8,
    )
    assert outcome.status is Status.KILLED
    assert re.search(r"not done after ([89]|1\d) s", outcome.reason)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child is alive")


def test_a_relative_pythonpath_holds_in_every_folder(
    fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Packages are brought along in one, and items run commands in folders of their own."""
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((".", tmp_path.name)))
    (tmp_path / "brought.py").touch()
    (outcome,) = fake(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import brought'], cwd='/', check=True)\n"
    )
    assert (outcome.status, outcome.reason) == (Status.DONE, "")


def test_what_was_read_before_a_kill_is_kept(fake) -> None:
    (outcome,) = fake(
        "import time\n"
        "from benchmarks.gpu_items.reporting import task_of\n"
        "from benchmarks.gpu_items.values import Reading, within\n"
        "task, _ = task_of()\n"
        "task.report(Reading('width', 2.0, 'm', within(2.1, 0.1), (1.9, 2.1), 3))\n"
        "time.sleep(600)\n",
        limit_s=8,
    )
    assert outcome.status is Status.KILLED
    assert [reading.as_expected for reading in outcome.readings] == [True]
    (row,) = [row for row in table([outcome]).splitlines() if "width" in row]
    assert row.split() == ["width", "2", "m", "2.1", "m", "-4.76%", "1.9", "to", "2.1", "3"]


TOLD = """
import json, pathlib, signal, sys, time
run = pathlib.Path(sys.argv[sys.argv.index("--runs-dir") + 1]) / "r1"
run.mkdir(parents=True)
(run / "step_times.csv").write_text("measured so far")

def end(*_):
    if ENDS:
        variants = [{"name": "baseline", "status": "measured"}]
        print(json.dumps({"run_id": "r1", "variants": variants}))
        sys.exit(130)

signal.signal(signal.SIGTERM, end)
while True:
    time.sleep(0.1)
"""


@pytest.mark.parametrize("ends", [True, False])
def test_a_run_that_is_told_to_end_is_kept(ends: bool, fake, tmp_path: Path) -> None:
    """Whether annt-prof ends on SIGTERM with what it has measured, or has to be killed."""
    program = tmp_path / "told"
    program.write_text(f"#!{sys.executable}\n{TOLD.replace('ENDS', str(ends))}")
    program.chmod(0o755)
    (outcome,) = fake(
        "import sys\n"
        "from benchmarks.gpu_items.reporting import task_of\n"
        "from benchmarks.gpu_items.scenarios import measure\n"
        "task, _ = task_of()\n"
        f"sys.executable = {str(program)!r}\n"
        "measure(task, task.scratch / 'x.yaml')\n",
        limit_s=8,
    )
    assert outcome.status is Status.KILLED
    assert re.fullmatch(r"not done after ([89]|1\d) s", outcome.reason)
    names = [reading.name for reading in outcome.readings]
    assert names == ["exit status", *(["baseline"] if ends else [])]
    kept = tmp_path / "work" / "keep" / "fake" / "r1" / "step_times.csv"
    assert kept.read_text() == "measured so far"


def test_tests_that_ended_count_where_one_hangs(fake, tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        "import time\n"
        "import pytest\n"
        "def test_fine(): pass\n"
        "def test_broken(): raise AssertionError\n"
        "def test_skipped(): pytest.skip('no')\n"
        "def test_hanging(): time.sleep(600)\n"
    )
    (outcome,) = fake(
        "from benchmarks.gpu_items import own_tests\n"
        "from benchmarks.gpu_items.reporting import task_of\n"
        "task, _ = task_of()\n"
        f"own_tests.report(task, {str(tmp_path / 'test_some.py')!r})\n",
        limit_s=20,
    )
    assert outcome.status is Status.KILLED
    failing, skipped = outcome.readings
    assert (failing.figure, skipped.figure) == (1, 1)
    # The rest of its path is relative to the checkout, which may lie beside it.
    assert re.fullmatch(r"3 tests, 1 skipped; (\S+/)?test_some\.py::test_broken", failing.note)
    assert failing.trouble.endswith("test_some.py::test_hanging did not end")


def test_a_failing_item_says_its_last_words(fake) -> None:
    (outcome,) = fake("raise SystemExit('the dog ate it')\n")
    assert outcome.status is Status.FAILED
    assert "the dog ate it" in outcome.reason


def test_an_item_that_deviates_is_not_done(fake) -> None:
    (outcome,) = fake(
        "from benchmarks.gpu_items.reporting import task_of\n"
        "from benchmarks.gpu_items.values import Reading, at_most\n"
        "task, _ = task_of()\n"
        "task.report(Reading('waits', 3.0, expected=at_most(2.0)))\n"
    )
    assert (outcome.status, outcome.reason) == (Status.OFF, "waits")


def test_an_interval_that_just_leaves_out_1_is_no_finding() -> None:
    """One of 95 % does so once in twenty where all is well; about eight are looked at."""
    for ratio, interval, as_expected in (
        (1.004, (0.99, 1.02), True),
        (1.004, (1.002, 1.006), True),
        (1.02, (0.99, 1.05), True),
        (1.02, (1.01, 1.03), False),
        (1.02, None, False),
        (None, None, False),
    ):
        reading = Reading("x", ratio, expected=interval_holds(1.0, 0.01), interval=interval)
        assert reading.as_expected is as_expected


@pytest.mark.parametrize(
    ("verdict", "ratio", "is_off"),
    [
        ("helps", 1.003, False),
        ("helps", 1.02, True),
        ("no_measurable_effect", 1.02, False),
    ],
)
def test_a_verdict_is_off_where_its_ratio_is(
    verdict: str, ratio: float, is_off: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from benchmarks import verdicts
    from benchmarks.gpu_items import known_work
    from benchmarks.gpu_items.reporting import Task, read_readings

    speedup = {"ratio": ratio, "low": ratio - 0.001, "high": ratio + 0.001, "launches": 5}
    answer = {"techniques": [{"name": "identity", "verdict": verdict, "speedup": speedup}]}
    task = Task("cuda", False, tmp_path / "readings.jsonl", *[tmp_path] * 3)
    monkeypatch.setattr(known_work, "task_of", lambda: (task, None))
    monkeypatch.setattr(verdicts, "prepare", lambda *_: {})
    monkeypatch.setattr(verdicts, "explained", lambda *_: answer)
    known_work.main()
    (reading,) = read_readings(task.readings)
    assert reading.as_expected is not is_off


def test_what_cannot_be_done_is_skipped_with_its_reason(fake) -> None:
    (late,) = fake("", estimate_s=50, deadline_s=40)
    assert late.status is Status.SKIPPED
    assert re.fullmatch(r"takes about 50 s, and (39|40) s are left", late.reason)
    (lacking,) = fake("", needs=("json", "no_such_package", "no_such.module"))
    assert lacking.reason == "not installed: no_such_package, no_such.module"


def test_no_item_outlives_the_deadline(fake) -> None:
    began = time.monotonic()
    (outcome,) = fake("import time; time.sleep(600)\n", deadline_s=2)
    assert outcome.status is Status.KILLED
    assert time.monotonic() - began < 60


def test_owed_lines_tell_what_is_done_failed_and_to_come() -> None:
    def outcome(key: str, owed: Owed, status: Status, reason: str = "") -> Outcome:
        return Outcome(1, key, key, (owed,), status, 1.0, reason)

    found = [
        outcome("clock", Owed.CLOCK, Status.DONE),
        outcome("spins", Owed.INJECTED, Status.OFF, "forward"),
        outcome("nvml", Owed.NVML, Status.SKIPPED, "not installed: psutil"),
        outcome("amp", Owed.AMP_AND_PINNING, Status.DONE),
    ]
    parts = {owed: (1, 2) if owed is Owed.AMP_AND_PINNING else (1,) for owed in Owed}
    told = owed_lines(found, parts)
    assert f"owed: {Owed.CLOCK.value}\n      done\n" in told
    assert f"owed: {Owed.INJECTED.value}\n      failed: spins (off)\n" in told
    assert "skipped: nvml (not installed: psutil)" in told
    assert f"{Owed.AMP_AND_PINNING.value}\n      done in part; still to come: part 2\n" in told
    assert f"{Owed.INSPECT.value}\n      not run; still to come: part 1" in told


def test_an_archive_leaves_out_what_is_too_large(tmp_path: Path) -> None:
    folder = tmp_path / "keep"
    folder.mkdir()
    (folder / "small").write_text("small")
    (folder / "large").write_bytes(os.urandom(100_000))
    archive = Archive(tmp_path / "kept.tar.gz", most_bytes=50_000)
    archive.add(folder)
    assert archive.left_out == ["keep/large"]
    assert (tmp_path / "kept.tar.gz").stat().st_size < 50_000


def test_an_archive_is_whole_after_each_item(tmp_path: Path) -> None:
    """The tar of the machine reads it too, with nothing to complain of."""
    packed = tmp_path / "kept.tar.gz"
    archive = Archive(packed)
    for name in ("first", "second"):
        folder = tmp_path / "keep" / name
        (folder / "logs").mkdir(parents=True)
        (folder / "logs" / f"{'a' * 120}.txt").write_text(name)  # longer than a plain header holds
        archive.add(folder)
        with tarfile.open(packed) as found:
            member = found.extractfile(found.getmembers()[-1])
            assert member is not None
            assert member.read() == name.encode()
            count = len(found.getmembers())
        listed = subprocess.run(["tar", "tzf", packed], capture_output=True, text=True, check=True)
        assert listed.stderr == ""
        assert listed.stdout.count(".txt") == count
    with packed.open("r+b") as file:  # killed as it adds a third
        file.seek(-30, os.SEEK_END)
        file.write(os.urandom(20))
    listed = subprocess.run(["tar", "tzf", packed], capture_output=True, text=True, check=False)
    assert listed.stdout.count(".txt") == 2


@pytest.mark.parametrize("damaged", [False, True], ids=["ended", "killed"])
def test_a_part_that_is_run_again_keeps_what_is_archived(damaged: bool, tmp_path: Path) -> None:
    packed = tmp_path / "kept.tar.gz"
    for run, name in enumerate(("first", "second", "first")):
        folder = tmp_path / str(run) / name
        folder.mkdir(parents=True)
        (folder / "log.txt").write_text(f"{name} of run {run}")
        Archive(packed).add(folder)
        if damaged:
            with packed.open("r+b") as file:  # killed as it wrote the end mark
                file.seek(-10, os.SEEK_END)
                file.truncate()
    Archive(packed)
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "out", filter="data")
        assert archive.getnames() == ["first/log.txt", "second/log.txt", "first/log.txt"]
    kept = {path.parent.name: path.read_text() for path in (tmp_path / "out").rglob("log.txt")}
    assert kept == {"first": "first of run 2", "second": "second of run 1"}


def test_waits_are_counted_as_torch_warns_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from benchmarks.gpu_items import product, smoke

    modes: list[str] = []

    def step(_loop: object) -> int:
        for _ in range(3):
            warnings.warn("called a synchronizing CUDA operation (Triggered ...)", stacklevel=1)
        warnings.warn("something else", stacklevel=1)
        return 2

    monkeypatch.setattr(product, "run_steps", lambda *_: None)
    monkeypatch.setattr(product, "optimizer_step", step)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)
    loop = SimpleNamespace(setup=SimpleNamespace(device=torch.device("cuda")))
    assert smoke.synchronisations(loop) == 1.5
    assert modes == ["warn", "default"]


def test_a_spin_is_timed_by_events_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from benchmarks.gpu_items.injected import Spin

    cycles: list[int] = []

    class Event:
        def __init__(self, *, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            self.after = len(cycles)

        def elapsed_time(self, end: Event) -> float:
            return sum(cycles[self.after : end.after]) / 1e6

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "_sleep", cycles.append)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    spin = Spin(5)
    spin()
    spin()
    assert cycles[-2:] == [5_000_000] * 2
    assert spin.mean_ns(2) == pytest.approx(5e6)


@pytest.mark.parametrize(("overflows", "steps"), [(0, 4), (3, 7), (100, 12)])
def test_skipped_steps_are_made_up_for(
    overflows: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four that a scaler skips would leave nothing to compare."""
    from benchmarks.gpu_items import product, smoke

    scales = []

    def step(_loop: object) -> int:
        scales.append(len(scales) < overflows)
        return 1

    scaler = SimpleNamespace(get_scale=lambda: 65536.0 / 2 ** sum(scales))
    monkeypatch.setattr(product, "optimizer_step", step)
    groups = smoke.trained(SimpleNamespace(batches=None, scaler=scaler))
    assert len(groups) == steps
    assert sum(group.skipped for group in groups) == min(overflows, steps)


def test_what_is_no_number_is_trouble_and_json(tmp_path: Path) -> None:
    from benchmarks.gpu_items.reporting import Task, read_readings

    task = Task("cuda", False, tmp_path / "readings.jsonl", *[tmp_path] * 3)
    task.report(Reading("lost", float("nan"), interval=(0.5, float("inf"))))
    task.report(Reading("fine", 1.0, interval=(0.5, 2.0)))
    assert "NaN" not in task.readings.read_text()
    assert "Infinity" not in task.readings.read_text()
    lost, fine = read_readings(task.readings)
    assert (lost.figure, lost.interval, lost.trouble) == (None, None, "the figure is nan")
    assert fine == Reading("fine", 1.0, interval=(0.5, 2.0))


def test_the_smoke_matrix_sees_wrong_training(tmp_path: Path) -> None:
    import torch

    from benchmarks.gpu_items import product, smoke

    document = smoke._scenario("torchvision", "resnet18", 8, 2, {"stem": "cifar"})
    scenario = product.read_scenario(document, tmp_path, accelerator=False)
    shares = []
    for factor in (1.0, 1.2):
        setup = product.build_setup(scenario, torch.device("cpu"))
        started = smoke._parameters(setup.model)
        loop = product.Loop(setup, scenario.seed)
        loop.optimizer.param_groups[0]["lr"] *= factor
        groups = smoke.trained(loop)
        expected = smoke.reference(scenario, setup, groups)
        off = (smoke._parameters(setup.model) - expected).abs().max()
        shares.append(float(off / (expected - started).abs().max()))
    assert shares[0] < 1e-3
    assert shares[1] > 0.1


def test_budgets_are_cut_alike_where_they_do_not_fit() -> None:
    cost = sizing.Sizing(launch_s=2, window_s=1)
    few, many = sizing.budgets((3, 8), cost, 1e9, 2)
    assert (few.measuring_s, many.measuring_s) == pytest.approx((3 * 1.1 * 18, 8 * 1.1 * 18))
    cut = sizing.budgets((3, 8), cost, few.whole_s + many.whole_s - 110, 2)
    assert [each.measuring_s for each in cut] == pytest.approx([3 * 9.8, 8 * 9.8])
    least = sizing.budgets((3, 8), cost, 0, 2)
    assert [each.measuring_s for each in least] == pytest.approx([3 * 1.1 * 4, 8 * 1.1 * 4])


def test_the_least_budget_holds_the_least_launches() -> None:
    """As annt-prof counts them: the first is built before its budget begins."""
    from annt_prof.plan import LEAST_LAUNCHES
    from annt_prof.runner import pacing
    from annt_prof.scenario.schema import WindowChoice

    cost = sizing.Sizing()
    (budget,) = sizing.budgets((5,), cost, 0, LEAST_LAUNCHES)
    window = WindowChoice(time_budget_s=budget.measuring_s, min_launches=LEAST_LAUNCHES)
    round_s, launch_s = 5 * cost.window_s, 5 * cost.launch_s
    assert pacing.launches_in_budget(window, round_s, launch_s) == LEAST_LAUNCHES
    assert budget.measuring_s >= pacing.enough_budget_s(window, round_s, launch_s) - 1


def test_what_a_bare_window_begins_with_is_little_beside_it() -> None:
    """A batch that is loaded and copied with nothing running, which annt-prof's window hides."""
    from benchmarks import fidelity
    from benchmarks.gpu_items import bare_loop

    shape, step_s, exposed_s, starting_s = fidelity.ON_DEVICE_SHAPE, 0.010, 0.005, 8.0
    assert exposed_s / (shape.iterations * step_s) < bare_loop._SHARE / 5
    steps = len(fidelity.CONTENDERS) * shape.rounds * (shape.iterations + shape.switch_in)
    (item,) = bare_loop.ITEMS
    assert shape.launches * (steps * step_s + starting_s) < item.estimate_s


FIRST_ITERATION = """
import sys
from pathlib import Path

from annt_prof.loop.starting import start_training, start_training_server
from annt_prof.windows.messages import TimedRequest
from benchmarks import fidelity

tiny = ("model.name=resnet18", "dataset.batch_size=2", "dataset.image_size=8", "window.warmup=3")
scenario = fidelity.read(fidelity.SCENARIO, tiny, accelerator=False)
assigned = fidelity.assignment(scenario, "cpu", Path(sys.argv[1]))
product = fidelity.Product(start_training(start_training_server(("torchvision",)), assigned))
product.wait()
product.worker.send(TimedRequest(0, 0, 0, iterations=2, switch_in=1))
print(product.worker.receive().window.first_iteration)
product.end()
"""


def test_annt_prof_is_warmed_up_before_a_window_is_compared(tmp_path: Path) -> None:
    """A worker that is built waits to be told so; cold steps would be in its windows alone."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FIRST_ITERATION, str(tmp_path)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.stdout.split() == ["4"], ended.stderr  # three to warm up, one to switch in


def test_sleeping_loaders_are_waited_for_as_long_as_they_sleep(tmp_path: Path) -> None:
    """Sleeps are the same on a CPU, so the item's arithmetic can be judged without a device."""
    from benchmarks.gpu_items.injected import with_sleeping_loaders
    from benchmarks.gpu_items.reporting import Task

    task = Task("cpu", False, *[tmp_path] * 4)
    off = []
    for _ in range(3):  # a busy machine stretches sleeps
        found, injected_ns = with_sleeping_loaders(task, 0.01)
        off.append(found.by_category_ns["data_loading"] / injected_ns - 1)
        if abs(off[-1]) < 0.15:
            return
    pytest.fail(f"off by {off}")


def test_only_pinned_copies_are_judged_as_strictly_as_the_device(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Events around a pageable copy hold the host's staging too, which the trace has not."""
    from benchmarks.gpu_items import injected
    from benchmarks.gpu_items.reporting import Task, read_readings

    monkeypatch.setattr(injected, "make_loop", lambda *_: None)
    monkeypatch.setattr(injected, "_copy_ns", lambda *_, **__: 10.0e6)
    for found_ns, pinned_is_as_expected in ((9.0e6, False), (9.6e6, True)):
        found = SimpleNamespace(by_category_ns={"h2d_copy": found_ns}, hidden_ns={})
        monkeypatch.setattr(injected, "found_in", lambda *_, found=found: found)
        readings = tmp_path / f"{found_ns}.jsonl"
        injected.copies(Task("cuda", False, readings, tmp_path, tmp_path, tmp_path))
        judged = [each for each in read_readings(readings) if each.expected is not None]
        assert [(each.name, each.as_expected) for each in judged] == [
            ("pageable copy of 64 MB", True),
            ("pinned copy of 64 MB", pinned_is_as_expected),
        ]


def test_a_card_at_its_power_limit_is_no_mistake() -> None:
    from benchmarks.gpu_items import calibrated

    expected = calibrated.expected_product(calibrated.KNOWN["NVIDIA H100 80GB HBM3"])
    found = [rate for rate in (620, 650, 720, 790, 820, 850)
             if Reading("product", rate, "TFLOP/s", expected).as_expected]  # fmt: skip
    assert found == [650, 720, 790, 820]


def test_a_copy_is_queued_while_the_device_is_busy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Or the host's way from one event to the copy would be in its time."""
    import torch

    from benchmarks.gpu_items import injected
    from benchmarks.gpu_items.reporting import Task

    done: list[str] = []

    class Event:
        def __init__(self, *, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            done.append("event")

        def elapsed_time(self, _end: Event) -> float:
            return 1.5

    source = SimpleNamespace(to=lambda *_, **__: done.append("copy"))
    source.pin_memory = lambda: source
    monkeypatch.setattr(torch, "stack", lambda _: source)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "_sleep", lambda _: done.append("spin"))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: done.append("wait"))
    task = Task("cuda", False, *[tmp_path] * 4)
    assert injected._copy_ns(task, 10, pinned=True) == 1.5e6
    assert done[:5] == ["spin", "event", "copy", "event", "wait"]


def test_the_hosts_own_way_is_little_beside_a_sleep(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After a wait for the device all of it is bound by the host, about 1 ms under the profiler."""
    import torch

    from benchmarks.gpu_items import injected
    from benchmarks.gpu_items.reporting import Task, read_readings

    class Known:
        last_ms = 0.0

        def __init__(self, milliseconds: float) -> None:
            self.milliseconds = milliseconds

        def __call__(self, *_: object) -> None:
            pass

        def mean_ns(self, _calls: int) -> float:
            return self.milliseconds * 1e6

    class Sleep(Known):
        def __init__(self, milliseconds: float) -> None:
            super().__init__(milliseconds)
            Known.last_ms = milliseconds

    def found_in(*_: object) -> SimpleNamespace:
        found_ns = {"host_bound": (Known.last_ms + 1.1) * 1e6, "forward": 20e6}
        return SimpleNamespace(by_category_ns=found_ns, num_steps=6)

    monkeypatch.setattr(injected, "Sleep", Sleep)
    monkeypatch.setattr(injected, "busy", lambda _task, milliseconds: Known(milliseconds))
    monkeypatch.setattr(injected, "make_loop", lambda *_: None)
    monkeypatch.setattr(injected, "found_in", found_in)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    task = Task("cuda", False, tmp_path / "readings.jsonl", *[tmp_path] * 3)
    injected.host(task)
    readings = read_readings(task.readings)
    assert len(readings) == 3
    assert [each.name for each in readings if not each.as_expected] == []


LOSING = """
import json, sys
print("the log is in logs/identity.log", file=sys.stderr)
lost = {"name": "identity", "status": "crashed", "reason": "a kernel was not found"}
print(json.dumps({"variants": [{"name": "baseline", "status": "measured", "reason": None}, lost]}))
sys.exit(3)
"""


def losing_python(folder: Path) -> str:
    """An interpreter in whose place a run loses a variant, whatever it is asked for."""
    program = folder / "losing"
    program.write_text(f"#!{sys.executable}\n{LOSING}")
    program.chmod(0o755)
    return str(program)


def test_a_run_that_loses_a_variant_fails_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from benchmarks import loader_bound, verdicts

    monkeypatch.setattr(sys, "executable", losing_python(tmp_path))
    for ask in (
        lambda: verdicts.explained(tmp_path, {**os.environ}, 0, "cpu"),
        lambda: loader_bound.measured(tmp_path, 0, 5.0, "cpu"),
    ):
        with pytest.raises(SystemExit, match="exit status 3") as failed:
            ask()
        assert "the log is in logs/identity.log" in str(failed.value)
        assert str(failed.value).endswith("identity: crashed: a kernel was not found")


def test_every_technique_is_run_for_an_interval_or_not_at_all() -> None:
    """What an H200 asked for, of which two launches took the budget of 91 s."""
    found = sizing.Sizing(launch_s=4.355, window_s=1.036)
    budgets = {
        item.key: float(item.arguments[-1])
        for item in catalogue.items(3, found, AVAILABLE_S)
        if item.key.startswith("every_technique")
    }
    assert budgets["every_technique_usual"] >= 138
    assert budgets["every_technique_computing"] >= 128


def by_their_estimates(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[Item, Status]]:
    """How each item ends where all of them take what they say, on a clock of its own."""
    items = catalogue.items(part, sizing.Sizing(), AVAILABLE_S)
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    class Running:
        def __init__(self, item: Item, _plan: executing.Plan) -> None:
            self.item = item
            self.until = clock.now + item.estimate_s

        def outcome(self, plan: executing.Plan) -> Outcome | None:
            if clock.now < self.until:
                return None
            item = self.item
            return Outcome(plan.part, item.key, item.title, item.serves, Status.DONE, 0.0)

    fake = SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(executing, "time", fake)
    monkeypatch.setattr(executing, "_Running", Running)
    monkeypatch.setattr(executing, "_can_import", lambda _name: True)
    nowhere = Path("nowhere")
    plan = executing.Plan(
        part=part, deadline=AVAILABLE_S, dry_run=False, has_device=True, lanes=6, work=nowhere,
        sizing=nowhere, ended=lambda: None,
    )  # fmt: skip
    statuses = {each.key: each.status for each in executing.run(items, plan)}
    return {item.key: (item, statuses[item.key]) for item in items}


def test_what_part_1_has_no_time_for_is_looked_at_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By their estimates the items exceed the deadline: no owed bullet may be what is left out."""
    from benchmarks.gpu_items import own_tests, smoke

    items = catalogue.items(1, sizing.Sizing(), AVAILABLE_S)
    found = by_their_estimates(1, monkeypatch)
    run = [item for item, status in found.values() if status is Status.DONE]
    assert {owed for item in run for owed in item.serves} == {
        owed for item in items for owed in item.serves
    }
    assert {item.key for item in own_tests.ITEMS} <= {item.key for item in run}
    left_out = {key for key, (_, status) in found.items() if status is Status.SKIPPED}
    assert left_out <= {item.key for item in smoke.ITEMS} | {"out_of_memory_neighbour"}
    order = [item.key for item in items]
    assert order.index(smoke.ALONE[-1].key) < order.index("out_of_memory_neighbour")
    assert order.index("out_of_memory_neighbour") < order.index(smoke.PAIRED[0].key)


@pytest.mark.parametrize(
    ("part", "least_valuable"),
    [(2, set()), (3, {"every_technique_computing", "every_technique_rest", "verdicts"})],
)
def test_what_is_most_valuable_fits_into_the_parts_that_follow(
    part: int, least_valuable: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left out by the estimates may still fit where the device is faster than they say."""
    found = by_their_estimates(part, monkeypatch)
    left_out = {key for key, (_, status) in found.items() if status is Status.SKIPPED}
    assert left_out == least_valuable
    assert [*found][len(found) - len(left_out) :] == [key for key in found if key in left_out]

"""A digest is what its trace says now, or it is not shown."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.runs import digests
from annt_prof.runs.digest_process import Digesting
from annt_prof.runs.digesting import Progress, Ready
from annt_prof.runs.digests import Digest, cache_path, digest, recall
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

US = 1_000


def builder(kernel: str = "gemm", length_us: int = 40) -> TraceBuilder:
    made = TraceBuilder().step(0, 100 * US).phase(Phase.FORWARD, 0, 100 * US)
    made.operator("aten::mm", 5 * US, 20 * US)
    return made.kernel(kernel, 30 * US, (30 + length_us) * US, launch_ns=10 * US)


def same(one: Digest, other: Digest) -> bool:
    columns = all(
        np.array_equal(getattr(one.lanes, field.name), getattr(other.lanes, field.name))
        for field in fields(one.lanes)
    )
    tables = (one.analysis, one.operators, one.kernel_parts, one.checksum)
    return columns and tables == (
        other.analysis, other.operators, other.kernel_parts, other.checksum
    )  # fmt: skip


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return builder().write(tmp_path / "trace.json.gz")


def test_what_is_recalled_is_what_was_made(trace: Path) -> None:
    assert recall(trace) is None
    made = digest(trace)
    recalled = recall(trace)
    assert recalled is not None
    assert same(made, recalled)
    assert made.analysis == analyze(read(trace), top=2_000)
    assert made.operators is not None
    assert [row.name for row in made.operators.rows] == ["aten::mm"]
    for field in fields(made.lanes):
        column = getattr(made.lanes, field.name)
        if isinstance(column, np.ndarray):
            assert getattr(recalled.lanes, field.name).dtype == column.dtype
    assert list(trace.parent.glob(".*")) == []


def test_a_trace_that_changed_by_one_byte_has_no_digest(tmp_path: Path) -> None:
    path = builder().write(tmp_path / "trace.json")
    digest(path)
    before, content = path.stat(), path.read_bytes()
    place = content.index(b"gemm")
    path.write_bytes(content[:place] + b"G" + content[place + 1 :])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert recall(path) is None
    path.write_bytes(content)
    assert recall(path) is not None


def test_a_digest_of_another_version_of_the_analysis_is_not_shown(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest(trace)
    monkeypatch.setattr(digests, "analysis_version", lambda: "another")
    assert recall(trace) is None
    digest(trace)
    assert recall(trace) is not None


def test_the_version_is_another_one_as_soon_as_the_source_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "annt_prof"
    for name in ("analysis/path/walk.py", "trace/reading.py", "categories.py", "errors.py",
                 "mistakes.py", "units.py", "runs/digests.py", "runs/digest_file.py"):  # fmt: skip
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(f"# {name}")
    monkeypatch.setattr(digests.annt_prof, "__file__", str(package / "__init__.py"))
    seen = set()
    for changed in (None, "analysis/path/walk.py", "trace/reading.py", "categories.py"):
        if changed is not None:
            (package / changed).write_text("# changed")
        digests.analysis_version.cache_clear()
        seen.add(digests.analysis_version())
    digests.analysis_version.cache_clear()
    assert len(seen) == 4


def imported(file: Path) -> set[str]:
    """Return the modules of this package that a file imports, its names of a package too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("annt_prof.")}


def test_the_version_is_of_all_that_the_analysis_imports() -> None:
    root = Path(digests.annt_prof.__file__).parent
    covered = set(digests._source_files(root))
    lacking = {
        f"{file.relative_to(root)} imports {name}"
        for file in covered
        if file.parent != root / "runs"  # which read and keep, and make nothing of a digest
        for name in imported(file)
        for module in [root.parent / f"{name.replace('.', '/')}.py"]
        if module.is_file() and module not in covered
    }
    assert len(covered) > 50
    assert not lacking


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.999])
def test_a_damaged_digest_is_not_shown(trace: Path, share: float) -> None:
    digest(trace)
    file = cache_path(trace)
    content = bytearray(file.read_bytes())
    content[int(share * len(content))] ^= 1
    file.write_bytes(content)
    assert recall(trace) is None
    file.write_bytes(bytes(content[: int(share * len(content))]))
    assert recall(trace) is None


def test_a_digest_that_was_moved_with_its_trace_names_the_new_place(trace: Path) -> None:
    digest(trace)
    folder = trace.parent / "moved"
    folder.mkdir()
    for file in (trace, cache_path(trace)):
        file.rename(folder / file.name)
    moved = recall(folder / trace.name)
    assert moved is not None
    assert moved.analysis.source == str(folder / trace.name)


def test_a_trace_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        digest(tmp_path / "gone.json.gz")


def ended(making: Digesting) -> Ready | UserError:
    making.start()
    limit = time.monotonic() + 60
    while isinstance(state := making.poll(), Progress):
        assert time.monotonic() < limit
        time.sleep(0.01)
    return state


def test_a_process_makes_it_and_keeps_it(trace: Path) -> None:
    making = Digesting(trace)
    state = ended(making)
    assert state == Ready(str(cache_path(trace)), temporary=False)
    made, recalled = making.take(state), recall(trace)
    assert recalled is not None
    assert same(made, recalled)


def test_what_may_not_be_kept_is_handed_over_and_removed(trace: Path) -> None:
    making = Digesting(trace, keep=False)
    state = ended(making)
    assert isinstance(state, Ready)
    assert Path(state.path).exists()
    assert making.take(state).analysis.num_events == 5
    assert not Path(state.path).exists()
    assert not cache_path(trace).exists()


def test_where_the_folder_cannot_be_written_it_is_made_all_the_same(
    trace: Path,
) -> None:
    cache_path(trace).mkdir()  # who is root may write any folder, and no file over a folder
    assert digest(trace).analysis.num_events == 5
    making = Digesting(trace)
    state = ended(making)
    assert isinstance(state, Ready)
    assert state.temporary
    assert making.take(state).analysis.num_events == 5


def test_what_the_user_can_mend_comes_from_the_process(tmp_path: Path) -> None:
    path = tmp_path / "not_a_trace.json"
    path.write_text("[1, 2")
    state = ended(Digesting(path))
    assert isinstance(state, UserError)
    assert state.where == str(path)
    with pytest.raises(UserError) as raised:
        read(path)
    assert (state.message, state.hint) == (raised.value.message, raised.value.hint)


def test_a_cancelled_process_is_gone(trace: Path) -> None:
    making = Digesting(trace)
    making.start()
    process = making._process
    assert process is not None
    making.cancel()
    assert process.returncode is not None
    assert isinstance(making.poll(), Progress)


def test_a_process_that_dies_is_told(trace: Path) -> None:
    making = Digesting(trace)
    making.start()
    assert making._process is not None
    making._process.kill()
    making._process.wait()
    making._told = Progress(0, 0)
    state = making.poll()
    assert isinstance(state, UserError | Ready)
    if isinstance(state, UserError):
        assert "ended by signal 9" in state.message


def test_a_name_that_looks_like_an_option_is_a_file(tmp_path: Path) -> None:
    path = builder().write(tmp_path / "--keep")
    script = f"import os; os.chdir({str(tmp_path)!r})"
    command = [sys.executable, "-c", f"{script}\nfrom annt_prof.runs.digesting import main\n"
               "main(['--', '--keep'])"]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"type":"Ready"' in told.stdout
    assert path.exists()


def test_the_process_imports_no_torch(trace: Path) -> None:
    script = (
        "import sys\nfrom annt_prof.runs.digesting import main\n"
        f"main([{str(trace)!r}])\nprint(sorted({{'torch', 'pandas'}} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines()[-1] == "[]"

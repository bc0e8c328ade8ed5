"""Traces told by a URL or a pattern: found, opened through fsspec, and refused with the reason."""

import pickle
import sys

import fsspec
import pytest

from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.trace.remote import RemoteFile, is_directory, trace_files


@pytest.fixture
def store(tmp_path):
    """Put a plain and a compressed trace and two other files into memory."""
    memory = fsspec.filesystem("memory")
    builder = TraceBuilder().step(0, 100).kernel("gemm", 0, 10)
    for name in ("rank0.json", "rank1.json.gz"):
        memory.pipe(f"/run/{name}", builder.write(tmp_path / name).read_bytes())
    memory.pipe("/run/notes.txt", b"")
    memory.pipe("/run/broken.json.gz", (tmp_path / "rank1.json.gz").read_bytes()[:60])
    yield memory
    memory.rm("/run", recursive=True)


@pytest.mark.parametrize("name", ["rank0.json", "rank1.json.gz"])
@pytest.mark.usefixtures("store")
def test_a_url_is_read_as_a_path_is(name, tmp_path):
    told = []
    trace = read(RemoteFile(f"memory://run/{name}"), notify=lambda *read: told.append(read))
    assert trace.source == f"memory://run/{name}"
    assert trace.names == read(tmp_path / name).names
    size = (tmp_path / name).stat().st_size
    assert told[-1] == (size, size)


@pytest.mark.usefixtures("store")
def test_a_file_that_breaks_off_is_told_as_it_is_on_a_disk(tmp_path):
    path = tmp_path / "broken.json.gz"
    path.write_bytes((tmp_path / "rank1.json.gz").read_bytes()[:60])
    said = []
    for broken in (path, RemoteFile("memory://run/broken.json.gz")):
        with pytest.raises(UserError) as refused:
            read(broken)
        said.append(refused.value.message)
    assert said[0] == said[1]


@pytest.mark.usefixtures("store")
def test_what_is_no_file_is_refused():
    with pytest.raises(UserError, match=r"memory://run/absent\.json: no such file"):
        read(RemoteFile("memory://run/absent.json"))
    with pytest.raises(UserError, match="memory://run: not a regular file"):
        read(RemoteFile("memory://run"))


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("memory://run", ["broken.json.gz", "rank0.json", "rank1.json.gz"]),
        ("memory://run/rank*", ["rank0.json", "rank1.json.gz"]),
    ],
)
@pytest.mark.usefixtures("store")
def test_files_of_a_directory_or_a_pattern_in_a_store(place, names):
    files = trace_files(place)
    assert [file.name for file in files] == names
    assert is_directory(place)
    assert all(file.is_file() for file in files)
    assert not is_directory(str(files[0]))


def test_files_of_a_directory_or_a_pattern_on_a_disk(tmp_path, monkeypatch):
    for name in ("a/rank1.json", "b/rank0.json.gz", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [path.name for path in trace_files(tmp_path / "b")] == ["rank0.json.gz"]
    both = [tmp_path / "a" / "rank1.json", tmp_path / "b" / "rank0.json.gz"]
    assert trace_files(tmp_path / "*" / "rank*") == both
    assert is_directory(tmp_path / "*" / "rank*")
    assert not is_directory(both[0])
    assert not is_directory(tmp_path / "absent.json")
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in trace_files("*/rank1*")] == ["a/rank1.json"]


def test_a_name_with_brackets_that_is_there_is_no_pattern(tmp_path):
    path = tmp_path / "trace[1].json"
    path.write_text("")
    assert not is_directory(path)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("memory://nowhere/*.json", "nothing matches"),
        ("memory://nowhere", "cannot be read"),
        ("nosuch://bucket/run", r"cannot be read: .*nosuch"),
    ],
)
def test_a_place_without_files_says_why(place, why):
    with pytest.raises(UserError, match=why):
        trace_files(place)


def test_a_directory_without_traces_says_so(tmp_path):
    with pytest.raises(UserError, match=r"no \.json or \.json\.gz file here"):
        trace_files(tmp_path)
    with pytest.raises(UserError, match="nothing matches"):
        trace_files(tmp_path / "*.json")


def test_a_remote_file_travels_as_its_url():
    file = RemoteFile("memory://run/rank0.json.gz")
    assert pickle.loads(pickle.dumps(file)) == file
    assert len({file, RemoteFile("memory://run/rank0.json.gz"), RemoteFile("memory://x")}) == 2
    assert (file.name, file.suffix) == ("rank0.json.gz", ".gz")


def test_without_fsspec_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UserError, match=r"pip install 'annt-prof\[dask\]'"):
        trace_files("s3://bucket/run")

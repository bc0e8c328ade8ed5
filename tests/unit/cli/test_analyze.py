"""``annt-prof analyze`` on small hand-made traces and, where they are, on recorded ones."""

import json
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from click.testing import CliRunner

from annt_prof.categories import Category, Phase
from annt_prof.cli.analyze import command
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder

TRACES = Path(__file__).parents[4] / "shared" / "traces"


def with_device():
    builder = TraceBuilder()
    for at in (10_000, 20_000, 30_000):
        builder.step(at, at + 10_000)
        builder.phase(Phase.DATA_LOADING, at, at + 1000)
        builder.phase(Phase.FORWARD, at + 1000, at + 3000)
        builder.copy("HtoD", at + 1200, at + 1500, launch_ns=at + 1100)
        builder.kernel("gemm", at + 2000, at + 6000, launch_ns=at + 1900)
        builder.operator("aten::item", at + 3000, at + 7000)
        builder.runtime("cudaStreamSynchronize", at + 3100, at + 6500)
    return builder


@pytest.fixture
def trace(tmp_path):
    return with_device().write(tmp_path / "trace.json.gz")


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def analysed(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_step_sums_and_every_category_is_there(trace):
    found = analysed(trace)
    assert found["schema_version"] == 1
    assert [step["name"] for step in found["steps"]] == [f"ProfilerStep#{i}" for i in range(3)]
    for step in (*found["steps"], found["mean"]):
        assert set(step["breakdown_ns"]) == {category.value for category in Category}
        assert sum(ns or 0 for ns in step["breakdown_ns"].values()) == step["wall_ns"]
    temporal = found["temporal"]
    parts = ("compute_ns", "non_compute_ns", "idle_ns")
    assert temporal["kernel_time_ns"] == sum(temporal[part] for part in parts)
    assert sum(found["idle"]["by_cause_ns"].values()) == found["idle"]["total_ns"]


def test_what_a_trace_cannot_show_is_null_with_a_reason(tmp_path):
    path = TraceBuilder().step(0, 100).operator("aten::mm", 10, 90).write(tmp_path / "t.json")
    found = analysed(path)
    for part in ("temporal", "kernels", "idle", "synchronisations", "copies", "memory"):
        assert found[part] is None
        assert found["not_measured"][part]
    assert found["mean"]["breakdown_ns"]["h2d_copy"] is None
    assert found["not_measured"]["h2d_copy"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [("1:2", [1]), ("1", [1]), (":2", [0, 1]), ("-1:", [2]), (":", [0, 1, 2])],
)
def test_steps_are_chosen_by_position(trace, selection, expected):
    found = analysed(trace, "--steps", selection)
    assert [step["name"] for step in found["steps"]] == [f"ProfilerStep#{i}" for i in expected]
    assert found["kernels"]["count"] == len(expected) == len(found["host"])


@pytest.mark.parametrize(
    "arguments",
    [("--steps", "a:b"), ("--steps", "1:2:3"), ("--max-size", "lots"), ("--max-size", "0"),
     ("--top", "0")],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(trace, arguments):
    result = run(trace, *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output


def test_steps_that_are_not_there(trace):
    with pytest.raises(UserError, match="the trace has 3"):
        run(trace, "--steps", "7:")


@pytest.mark.parametrize(("size", "fits"), [("1K", False), ("1MiB", True), ("0.5m", True)])
def test_the_size_bound_can_be_raised(trace, size, fits):
    if fits:
        assert run(trace, "--max-size", size).exit_code == 0
    else:
        with pytest.raises(UserError, match="more than 1,024 bytes") as caught:
            run(trace, "--max-size", size)
        assert "--max-size" in caught.value.hint


def test_a_file_that_breaks_off_shows_what_holds_and_says_what_is_lost(tmp_path):
    document = with_device().json()
    path = tmp_path / "trace.json"
    path.write_text(document[: int(len(document) * 0.9)])
    found = analysed(path)
    assert "breaks off" in found["remarks"][0]
    # Metadata and flows are no events: of the list it is entries that are whole.
    assert "entries of its list of events are whole" in found["remarks"][0]
    assert found["temporal"] is None
    assert found["kernels"]["count"] in (2, 3)
    assert found["kernels"]["rows"][0]["share_of_steps"] is None
    assert found["copies"][0]["exposed_ns"] is found["copies"][0]["hidden_ns"] is None
    assert found["queue"]["depth_max"] is found["pitfalls"] is None
    for key in ("kernels.share_of_steps", "copies.hidden_ns", "queue.depth_max", "pitfalls"):
        assert "breaks off" in found["not_measured"][key]
    shown = run(path).stdout
    assert "breaks off" in " ".join(shown.split())


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_text_has_every_section(trace, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run(trace, "--top", "2").stdout
    for title in (
        "Where the step goes", "The same steps from the host", "Devices over the whole trace",
        "Kernels of the steps", "When the device was idle", "Where the host waited",
        "Copies of the steps", "What sets the step's length",
    ):  # fmt: skip
        assert title in shown
    assert "aten::item" in shown
    assert max(map(len, shown.splitlines())) <= width


def test_what_faster_loading_could_save_is_what_is_on_the_path(tmp_path):
    builder = TraceBuilder().step(0, 10_000).phase(Phase.DATA_LOADING, 0, 4_000)
    builder.kernel("gemm", 5_500, 9_000, launch_ns=5_000)
    builder.phase(Phase.FORWARD, 4_000, 6_000).phase(Phase.DATA_LOADING, 6_000, 8_000)
    path = builder.runtime("cudaStreamSynchronize", 8_000, 9_000).write(tmp_path / "t.json")
    (step,) = analysed(path)["critical_path"]["steps"]
    assert step["on_path_ns"]["data_loading"] == 4_000
    shown = " ".join(run(path).stdout.split())
    assert "takes the host 0.006 ms, of which 0.004 ms are on the path" in shown


def test_devices_that_count_as_one_are_told(tmp_path):
    builder = TraceBuilder().step(0, 100).kernel("gemm", 10, 90)
    builder.event("kernel", "gemm", 5, 10, pid=1, tid=7, args={"device": 1, "stream": 7})
    path = builder.write(tmp_path / "t.json")
    assert "2 devices, which count as one" in analysed(path)["remarks"][-1]
    assert "2 devices, which count as one" in " ".join(run(path).stdout.split())


def test_a_device_and_a_stream_that_are_not_told_are_no_further_ones(tmp_path):
    builder = TraceBuilder().step(0, 100).kernel("gemm", 10, 90)
    builder.event("kernel", "gemm", 5, 10, pid=1, tid=7, args={"stream": 7})
    builder.event("kernel", "gemm", 2, 5, pid=1, tid=7, args={"device": 0})
    path = builder.write(tmp_path / "t.json")
    assert not [remark for remark in analysed(path)["remarks"] if "devices" in remark]
    (row,) = [line for line in run(path).stdout.splitlines() if line.startswith("  0  ")]
    assert row.split()[-2:] == ["not", "told"]


def test_what_is_hidden_is_not_said_to_be_hidden_by_compute(tmp_path):
    """Here nothing computes at all: communication hides the copy."""
    builder = TraceBuilder().step(0, 1000).kernel("ncclAllReduce", 10, 510, stream=20)
    path = builder.copy("HtoD", 100, 400).write(tmp_path / "t.json")
    shown = " ".join(run(path).stdout.split())
    assert "hidden under other work, so not part of the step: h2d_copy" in shown


def test_a_gap_lies_between_what_ran_before_and_after_it(trace, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    gaps = {gap["after"]: gap["before"] for gap in analysed(trace)["idle"]["gaps"]}
    assert gaps["gemm"].startswith("Memcpy")
    shown = run(trace).stdout
    titles = next(line for line in shown.splitlines() if "host was in" in line)
    assert titles.index("ran before the gap") < titles.index("ran after the gap")
    monkeypatch.setenv("COLUMNS", "60")  # where one neighbour alone has room
    narrow = run(trace).stdout.splitlines()
    (titles,) = (line for line in narrow if line.split()[:2] == ["ms", "cause"])
    assert "ran before the gap" in titles
    assert "ran after" not in titles
    assert "  too narrow for: ran after the gap, step; --json has them" in narrow
    assert any("Memcpy HtoD" in line and line.find("Memcpy") < line.find("gemm")
               for line in shown.splitlines())  # fmt: skip


def test_steps_without_kernels_have_no_empty_table_and_one_reason(tmp_path):
    builder = TraceBuilder().step(0, 100).step(100, 200).kernel("gemm", 10, 90, launch_ns=5)
    path = builder.write(tmp_path / "device.json")
    second = " ".join(run(path, "--steps", "1").stdout.split())
    assert "Kernels of the steps no kernel began in these steps" in second
    assert "0 launches" not in second
    assert "total ms" not in second
    assert "not measured: queue: no kernel began in these steps" in second
    assert analysed(path, "--steps", "1")["kernels"]["count"] == 0
    host = TraceBuilder().step(0, 100).operator("aten::mm", 10, 90).write(tmp_path / "host.json")
    reasons = analysed(host)["not_measured"]
    assert {reasons[part] for part in ("kernels", "queue", "temporal", "idle", "copies")} == {
        "the trace has no device activities"
    }
    copies = TraceBuilder().step(0, 100).copy("HtoD", 10, 90).write(tmp_path / "copies.json")
    reasons = analysed(copies)["not_measured"]
    assert reasons["kernels"] == reasons["queue"] == "the trace has no kernels"


def test_a_step_without_length_has_no_shares(tmp_path):
    builder = TraceBuilder().step(1000, 1000).operator("aten::mm", 1000, 1005)
    for path in (
        builder.write(tmp_path / "host.json"),
        builder.kernel("gemm", 1000, 1010, launch_ns=1000).write(tmp_path / "device.json"),
    ):
        assert analysed(path)["mean"]["wall_ns"] == 0
        assert "The same steps from the host" in run(path).stdout


def test_a_tiny_step_in_the_mean_is_told(tmp_path):
    builder = TraceBuilder().step(0, 9_000_000).step(9_000_000, 9_050_000)
    path = builder.kernel("gemm", 0, 9_010_000).write(tmp_path / "t.json")
    (remark,) = analysed(path)["remarks"]
    assert "1 of 2 steps" in remark
    assert "ProfilerStep#1 the first" in remark
    assert "mean of 2 steps from 0.050 ms to 9.000 ms" in " ".join(run(path).stdout.split())


def test_what_is_not_zero_never_reads_as_zero(tmp_path):
    builder = (
        TraceBuilder().step(0, 100).kernel("gemm", 0, 50).allocation(10, 512, 512, reserved=2048)
    )
    path = builder.copy("HtoD", 60, 70, num_bytes=64).write(tmp_path / "t.json")
    shown = run(path).stdout
    assert "peak < 0.1 MiB" in shown
    assert " 0.0 " not in shown.split("Memory of the steps")[1]


def test_memory_that_the_file_does_not_tell_is_not_printed(tmp_path):
    path = (
        TraceBuilder()
        .step(0, 100)
        .allocation(10, 512, 512, reserved=2048)
        .write(tmp_path / "t.json")
    )
    written = path.read_text()
    path.write_text(written.replace('"Addr"', '"No"').replace('"Total Reserved"', '"no"'))
    shown = run(path, "--on-cpu").stdout
    assert "cuda:0: peak < 0.1 MiB in ProfilerStep#0\n" in shown
    assert "held at the peak by" not in shown
    assert "memory.holders" in shown
    path.write_text(written.replace("Total Allocated", "no"))
    assert "Memory of the steps" not in run(path, "--on-cpu").stdout


@pytest.fixture
def ranks(tmp_path, monkeypatch):
    """Two ranks, of which the second is late, and small as they are worth a process each."""
    monkeypatch.setattr("annt_prof.analysis.ranks.pool._LEAST_BYTES", 1)
    for rank, arrival in ((0, 100), (1, 600)):
        builder = TraceBuilder(world_size=2).step(0, 1000)
        builder.kernel("ncclDevKernel_AllReduce", arrival, 900, launch_ns=5)
        text = builder.json().replace('"rank": 0', f'"rank": {rank}')
        (tmp_path / f"rank{rank}.json").write_text(text)
    return tmp_path


def test_the_answer_is_the_same_however_many_processes_read(ranks):
    alone = run(ranks, "--json", "--processes", 1)
    assert json.loads(alone.stdout)["straggler"] == 1
    assert run(ranks, "--json", "--processes", 2).stdout == alone.stdout
    assert run(ranks / "rank*", "--json").stdout == alone.stdout
    assert run(ranks, "--processes", 2).stdout == run(ranks, "--processes", 1).stdout


def test_ranks_may_lie_in_a_store(ranks):
    memory = fsspec.filesystem("memory")
    for path in ranks.iterdir():
        memory.pipe(f"/run/{path.name}", path.read_bytes())
    alone = run(ranks, "--json", "--processes", 1).stdout
    try:
        assert run("memory://run", "--json", "--processes", 1).stdout == alone
        assert run("memory://run/rank*.json", "--json", "--processes", 1).stdout == alone
        one = analysed("memory://run/rank1.json")
    finally:
        memory.rm("/run", recursive=True)
    assert one["source"] == "memory://run/rank1.json"
    assert one["steps"] == analysed(ranks / "rank1.json")["steps"]


def test_a_cluster_reads_a_directory(ranks):
    distributed = pytest.importorskip("distributed", reason="needs annt-prof[dask]")
    cluster = distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None)
    with cluster:
        asked = run(ranks, "--json", "--dask", cluster.scheduler_address)
    assert asked.stdout == run(ranks, "--json").stdout


def test_a_cluster_reads_no_single_file(trace):
    with pytest.raises(UserError, match="is one file, and a cluster reads those of a directory"):
        run(trace, "--dask", "tcp://host:1")


def test_a_cluster_needs_its_package(ranks, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"--dask tcp://host:1: dask.distributed is not installed"):
        run(ranks, "--dask", "tcp://host:1")


def test_a_directory_is_a_run_with_a_file_per_rank(tmp_path):
    for rank in (0, 1):
        text = with_device().kernel("ncclAllReduce", 13_000 + rank * 500, 14_000).json()
        (tmp_path / f"rank{rank}.json").write_text(text)
    found = analysed(tmp_path)
    assert [rank["rank"] for rank in found["ranks"]] == [0, 1]
    assert [rank["waiting_ns"] for rank in found["ranks"]] == [500, 0]
    assert found["straggler"] == 1
    for rank in found["ranks"]:
        for step in rank["steps"]:
            assert sum(ns or 0 for ns in step["breakdown_ns"].values()) == step["wall_ns"]
    shown = run(tmp_path).stdout
    assert "rank 1 waits least, in every step: the others wait for it" in shown


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.json.gz")), ids=lambda path: path.name)
def test_recorded_traces(path):
    found = analysed(path, "--top", "5")
    for step in found["steps"]:
        assert sum(ns or 0 for ns in step["breakdown_ns"].values()) == step["wall_ns"]
    if found["critical_path"] is None:
        assert found["not_measured"]["critical_path"]
    else:
        for step in found["critical_path"]["steps"]:
            assert sum(step["on_path_ns"].values()) == step["wall_ns"]
    assert run(path).exit_code == 0


ON_A_TERMINAL = """
import subprocess
import sys
from annt_prof.cli import program
from annt_prof.trace import large, pool
large.LEAST_SHARED_BYTES = 0
sys.stderr.isatty = lambda: True
has_one_thread = pool._has_one_thread
def told():
    print(has_one_thread(), end=" ")
    return has_one_thread()
pool._has_one_thread = told
program()
"""


def test_processes_are_forked_before_there_are_threads(tmp_path):
    """Neither those of numpy's matrix products nor that of the progress shown."""
    path = (
        TraceBuilder()
        .step(0, 1_000)
        .kernel("k", 100, 900, launch_ns=50)
        .write(tmp_path / "trace.json")
    )
    command = [sys.executable, "-c", ON_A_TERMINAL, "analyze", str(path), "--json"]
    told = subprocess.run([*command, "--processes", "2"], capture_output=True, text=True)
    assert told.stdout.startswith("True {"), told.stderr

"""A device that the profiler lost is no host that does the work itself."""

import io
import json

import pytest
from click.testing import CliRunner
from rich.console import Console

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.ranks.ranks import compare_ranks
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.cli import advise as advise_command
from annt_prof.cli import analyze as analyze_command
from annt_prof.errors import UserError
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.report.json.analysis import document
from annt_prof.report.text.analysis import render
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.trace.remote import trace_files
from annt_prof.views.analysis_view import build_analysis_view

CALLS = ("cudaLaunchKernel", "cuLaunchKernelEx", "hipModuleLaunchKernel", "urEnqueueKernelLaunch",
         "cudaMemcpyAsync", "cudaStreamSynchronize")  # fmt: skip


def host_side(path, *, header=None, calls=(), memory=None):
    """Write a step as the host recorded it, in which something tells of a device."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 400)
    builder.phase(Phase.BACKWARD, 400, 900).operator("aten::mm", 10, 300)
    for at, name in enumerate(calls):
        builder.runtime(name, 20 + at, 21 + at, correlation=at + 1)
    if memory is not None:
        builder.allocation(15, 64, 64, on_host=memory == "host")
    content = json.loads(builder.json())
    if header is not None:
        content["deviceProperties"] = [{"id": 0, "name": header}]
    path.write_text(json.dumps(content))
    return path


SIGNS = [
    pytest.param({"header": "NVIDIA H100 80GB HBM3"}, "lists NVIDIA H100", id="header"),
    pytest.param({"memory": "device"}, "allocated memory on a device", id="memory"),
    *(pytest.param({"calls": [name]}, "called a device's runtime", id=name) for name in CALLS),
]


@pytest.mark.parametrize(("given", "sign"), SIGNS)
def test_without_its_activities_there_is_no_breakdown(given, sign, tmp_path):
    trace = read(host_side(tmp_path / "trace.json", **given))
    for attempt in (lambda trace: break_down(Timeline(trace)), evidence_of_trace):
        with pytest.raises(UserError, match="the device was not recorded") as caught:
            attempt(trace)
        assert sign in caught.value.message
        for cause in ("performance counters", "another profiler", "window was too short"):
            assert cause in caught.value.message


@pytest.mark.parametrize(("given", "sign"), SIGNS)
def test_the_analysis_keeps_the_host_and_says_that_the_rest_is_not_known(given, sign, tmp_path):
    found = analyze(read(host_side(tmp_path / "trace.json", **given)))
    written = json.loads(document(build_analysis_view(found)))
    for part in ("steps", "mean", "temporal", "kernels", "queue", "critical_path", "idle",
                 "copies", "pitfalls"):  # fmt: skip
        assert written[part] is None
        reason = "breakdown" if part in ("steps", "mean") else part
        assert written["not_measured"][reason] == "the device was not recorded"
    assert written["host"][0]["dispatch_ns"] > 0
    (remark,) = (one for one in found.remarks if "not recorded" in one)
    assert sign in remark
    console = Console(file=io.StringIO(), width=100)
    render(build_analysis_view(found), console)
    shown = console.file.getvalue()
    assert "the device was not recorded" in shown
    assert "no accelerator" not in shown
    assert "Where the step goes" not in shown


def test_a_program_on_the_cpu_is_analysed_as_one(tmp_path):
    trace = read(host_side(tmp_path / "trace.json", memory="host"))
    assert break_down(Timeline(trace)).mean.by_category_ns[Category.FORWARD] == 400
    assert evidence_of_trace(trace).device_type == "cpu"


def test_whoever_knows_the_device_is_believed(tmp_path):
    silent = read(host_side(tmp_path / "silent.json"))
    with pytest.raises(UserError, match="not recorded: the run was on an accelerator") as caught:
        break_down(Timeline(silent, accelerator=True))
    assert "--on-cpu" not in str(caught.value)
    beside = read(host_side(tmp_path / "beside.json", header="NVIDIA H100"))
    mean = break_down(Timeline(beside, accelerator=False)).mean
    assert mean.by_category_ns[Category.FORWARD] == 400


def test_a_device_that_only_copied_within_the_trace_is_one(tmp_path):
    builder = TraceBuilder().step(0, 1000).copy("HtoD", 2000, 2100, launch_ns=900)
    found = evidence_of_trace(read(builder.write(tmp_path / "trace.json")))
    assert (found.device_type, found.kernel_ns) == ("cuda", {})


def test_a_file_that_breaks_off_before_the_device_says_so(tmp_path):
    path = tmp_path / "trace.json"
    builder = TraceBuilder().step(0, 1000).runtime("cudaLaunchKernel", 10, 20, correlation=1)
    path.write_text(builder.kernel("gemm", 30, 40).json()[:-60])
    found = analyze(read(path))
    assert found.breakdown is None
    (remark,) = (one for one in found.remarks if "runtime" in one)
    assert "may be in the part that is lost" in remark
    assert "--on-cpu" in remark
    assert "not recorded" not in remark
    assert found.not_measured["breakdown"] == found.not_measured["kernels"]
    assert "breaks off before any kernel" in found.not_measured["kernels"]


def test_what_a_file_that_breaks_off_has_none_of_may_be_lost(tmp_path):
    path = tmp_path / "trace.json"
    builder = (
        TraceBuilder().step(0, 1000).operator("aten::mm", 10, 20).operator("aten::add", 30, 40)
    )
    whole = analyze(read(builder.write(path)))
    assert whole.not_measured["copies"] == "the trace has no device activities"
    path.write_text(builder.json()[:-20])
    found = analyze(read(path))
    assert found.not_measured["copies"].endswith("before the place where the file breaks off")


def test_ranks_name_the_file_that_lacks_its_device(tmp_path):
    host_side(tmp_path / "rank0.json", header="NVIDIA H100")
    with pytest.raises(UserError, match=r"rank0\.json: the device was not recorded"):
        compare_ranks(trace_files(tmp_path))
    assert len(compare_ranks(trace_files(tmp_path), accelerator=False).ranks) == 1


@pytest.mark.parametrize("command", [analyze_command.command, advise_command.command])
def test_the_commands_take_word_that_there_was_none(command, tmp_path):
    path = str(host_side(tmp_path / "trace.json", header="NVIDIA H100"))
    refused = CliRunner().invoke(command, [path])
    said = " ".join(f"{refused.output} {refused.exception}".split())
    assert "the device was not recorded" in said
    taken = CliRunner().invoke(command, [path, "--on-cpu"])
    assert taken.exit_code == 0
    assert "not recorded" not in taken.output.replace("what was not recorded", "")

"""What the profiler plugin makes of our traces, asked through its own server routes."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.plugins.base_plugin import TBContext
from torch.profiler import ProfilerActivity, profile, record_function, schedule
from torch_tb_profiler.plugin import TorchProfilerPlugin
from werkzeug.test import Client

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category
from annt_prof.tensorboard.normalise import normalise
from annt_prof.trace.reading import read

COPY = "rank_0.1767323045000.pt.trace.json.gz"
STEPS = 3
SHARED = Path(__file__).parents[3] / "shared" / "traces"


class Plugin:
    """The plugin on a log directory, with a client for each of its routes."""

    def __init__(self, log: Path, runs: int) -> None:
        plugin = TorchProfilerPlugin(TBContext(logdir=str(log)))
        self._clients = {path: Client(app) for path, app in plugin.get_plugin_apps().items()}
        deadline = time.monotonic() + 120
        while True:
            told = self.get("/runs")
            if len(told["runs"]) == runs and not told["loading"]:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"the plugin did not load: {told}")
            time.sleep(0.1)

    def get(self, route: str, **query: str) -> Any:
        response = self._clients[route].get(route, query_string=query)
        assert response.status_code == 200, (route, response.status, response.data)
        data = response.data
        return json.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)

    def view(self, route: str, run: str, **query: str) -> Any:
        return self.get(route, run=run, worker="rank_0", span="1", **query)

    def breakdown_us(self, run: str) -> dict[str, float]:
        """The plugin's step breakdown: microseconds per step by its own categories."""
        (average,) = self.view("/overview", run)["performance"]
        shares = {child["name"]: child["value"] for child in average["children"]}
        return {"step": average["value"], **shares}

    def steps(self, run: str) -> list[str]:
        return [row[0] for row in self.view("/overview", run)["steps"]["rows"]]


class Slow(torch.utils.data.Dataset):
    """Takes a known part of the step to load."""

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        time.sleep(0.0005)
        return torch.randn(64), index % 10


def record(path: Path, hidden: int) -> None:
    """Trace three steps of a tiny training with the phases of our own training step."""
    model = torch.nn.Sequential(
        torch.nn.Linear(64, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = iter(torch.utils.data.DataLoader(Slow(), batch_size=8))
    with profile(
        activities=[ProfilerActivity.CPU],
        schedule=schedule(wait=0, warmup=1, active=STEPS, repeat=1),
        on_trace_ready=lambda finished: finished.export_chrome_trace(str(path)),
        record_shapes=True,
        profile_memory=True,
    ) as profiler:
        for _ in range(1 + STEPS):
            with record_function("annt_prof::data_loading"):
                inputs, targets = next(batches)
            with record_function("annt_prof::forward"):
                loss = torch.nn.functional.cross_entropy(model(inputs), targets)
            with record_function("annt_prof::backward"):
                loss.backward()
            with record_function("annt_prof::optimizer"):
                optimizer.step()
            with record_function("annt_prof::zero_grad"):
                optimizer.zero_grad()
            profiler.step()


def device_trace() -> dict[str, Any]:
    """Two steps of 1000 us on a GPU: 100 us loading, 300 us kernels, 50 us of copies each."""
    events: list[dict[str, Any]] = []

    def add(cat: str, name: str, ts: float, dur: float, pid: int, tid: int, **args: Any) -> None:
        one = {"ph": "X", "cat": cat, "name": name, "pid": pid, "tid": tid}
        events.append({**one, "ts": ts, "dur": dur, "args": args})

    def launch(op: str, kernel: str, at: float, dur: float, number: int, cat: str) -> None:
        call = "cudaMemcpyAsync" if cat == "gpu_memcpy" else "cudaLaunchKernel"
        ids = {"External id": number, "correlation": number}
        add("cpu_op", op, at, 20, 9, 9, **{"External id": number, "Input Dims": [[8, 64]]})
        driver = "cuda_driver" if number % 2 else "cuda_runtime"
        add(driver, call, at + 5, 10, 9, 9, **ids)
        shape = {"device": 0, "stream": 7, "grid": [4, 1, 1], "block": [64, 1, 1]}
        occupancy = {"blocks per SM": 2.5, "est. achieved occupancy %": 40}
        add(cat, kernel, at + 100, dur, 0, 7, **ids, **shape, **occupancy)

    for index in range(2):
        start, first = 1000.0 * index + 10_000, 10 * index
        add("user_annotation", f"ProfilerStep#{index}", start, 1000, 9, 9)
        add("gpu_user_annotation", f"ProfilerStep#{index}", start + 250, 500, 0, 7)
        add("user_annotation", "annt_prof::data_loading", start, 100, 9, 9)
        loader = "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
        add("user_annotation", loader, start + 5, 90, 9, 9)
        add("user_annotation", "annt_prof::h2d_copy", start + 140, 50, 9, 9)
        launch("aten::copy_", "Memcpy HtoD", start + 150, 50, first + 1, "gpu_memcpy")
        add("user_annotation", "annt_prof::forward", start + 240, 400, 9, 9)
        launch("aten::mm", "sgemm_128", start + 250, 200, first + 2, "kernel")
        launch("aten::relu", "elementwise", start + 500, 100, first + 3, "kernel")
    memory = {"ph": "i", "s": "t", "name": "[memory]", "pid": 9, "tid": 9, "ts": 10_251}
    sizes = {"Bytes": 4096, "Total Allocated": 8192, "Total Reserved": 16384, "Addr": 77}
    events.append({**memory, "args": {"Device Type": 1, "Device Id": 0, **sizes}})
    events.append({"ph": "X", "name": "without a category", "pid": 9, "tid": 9, "ts": 1, "dur": 1})
    device = {"id": 0, "name": "A device", "totalGlobalMem": 2**34}
    device |= {"computeMajor": 9, "computeMinor": 0}
    return {
        "schemaVersion": 1,
        "deviceProperties": [device],
        "traceEvents": events,
        "traceName": "/tmp/[odd]/name.json",
    }


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("log")
    makers: dict[str, Callable[[Path], object]] = {
        "baseline": lambda path: record(path, hidden=16),
        "wide": lambda path: record(path, hidden=256),
        "device": lambda path: path.write_bytes(gzip.compress(json.dumps(device_trace()).encode())),
    }
    for name, make in makers.items():
        (log / name).mkdir()
        original = log / name / "kineto.json.gz"
        make(original)
        normalise(original, log / name / COPY)
    return log


@pytest.fixture(scope="module")
def plugin(log: Path) -> Plugin:
    return Plugin(log, runs=3)


def test_every_view_is_offered(plugin: Plugin) -> None:
    assert plugin.get("/runs")["runs"] == ["baseline", "device", "wide"]
    host = plugin.get("/views", run="baseline")
    assert host == ["Overview", "Operator", "Trace", "Memory"]
    device = plugin.get("/views", run="device")
    assert device == ["Overview", "Operator", "Kernel", "Trace", "Memory"]


def test_steps_are_not_doubled(plugin: Plugin) -> None:
    assert plugin.steps("baseline") == ["1", "2", "3"]
    assert plugin.steps("device") == ["0", "1"]


def test_its_breakdown_of_a_host_trace_is_ours(plugin: Plugin, log: Path) -> None:
    told = plugin.breakdown_us("baseline")
    ours = break_down(Timeline(read(log / "baseline" / "kineto.json.gz"))).mean
    part = {category: ns / 1000 for category, ns in ours.by_category_ns.items()}
    computed = sum(part[Category(phase)] for phase in ("forward", "backward", "optimizer"))
    assert told["step"] == pytest.approx(ours.step_ns / 1000, abs=1)
    assert told["DataLoader"] == pytest.approx(part[Category.DATA_LOADING], abs=1)
    assert told["DataLoader"] > 8 * 500
    assert told["CPU Exec"] == pytest.approx(computed + part[Category.ZERO_GRAD], abs=1)
    assert told["Other"] == pytest.approx(part[Category.UNATTRIBUTED], abs=1)


def test_its_breakdown_of_a_device_trace_is_the_built_truth(plugin: Plugin) -> None:
    told = plugin.breakdown_us("device")
    assert told["step"] == 1000
    assert (told["Kernel"], told["Memcpy"]) == (300, 50)
    # Of three calls of 10 us two run under a copy or a kernel.
    assert told["Runtime"] == 10
    assert told["DataLoader"] == 100


def test_its_breakdown_of_a_device_trace_agrees_with_ours(plugin: Plugin, log: Path) -> None:
    told = plugin.breakdown_us("device")
    ours = break_down(Timeline(read(log / "device" / "kineto.json.gz"))).mean.by_category_ns
    computed = ours[Category.FORWARD] + ours[Category.BACKWARD]
    assert told["Kernel"] == computed / 1000
    assert told["Memcpy"] == ours[Category.H2D_COPY] / 1000
    assert told["DataLoader"] == ours[Category.DATA_LOADING] / 1000


def test_operators_are_counted_once(plugin: Plugin) -> None:
    rows = plugin.view("/operation/table", "baseline", group_by="Operation")["data"]
    calls = {row["name"]: row["calls"] for row in rows}
    assert calls["aten::linear"] == 2 * STEPS
    assert not [name for name in calls if "annt_prof" in name or "DataLoader" in name]
    pie = plugin.view("/operation", "baseline", group_by="Operation")
    assert pie["host_self_time"]["rows"]
    by_shape = plugin.view("/operation/table", "baseline", group_by="OperationAndInputShape")
    assert any("[8, 64]" in row["input_shape"] for row in by_shape["data"])


def test_device_time_reaches_its_operators(plugin: Plugin) -> None:
    rows = plugin.view("/operation/table", "device", group_by="Operation")["data"]
    assert {r["name"]: r["device_self_duration"] for r in rows} == {
        "aten::mm": 400,
        "aten::relu": 200,
        "aten::copy_": 100,
    }


def test_the_kernel_view(plugin: Plugin) -> None:
    rows = plugin.view("/kernel/table", "device", group_by="Kernel")["data"]["rows"]
    assert {row[0]: (row[2], row[3]) for row in rows} == {
        "sgemm_128": (2, 400),
        "elementwise": (2, 200),
    }
    by_operator = plugin.view("/kernel/table", "device", group_by="KernelNameAndOpName")
    assert {row[1] for row in by_operator["data"]["rows"]} == {"aten::mm", "aten::relu"}
    assert plugin.view("/kernel", "device")["total"]["rows"]
    assert plugin.view("/kernel/tc_pie", "device")["total"]["rows"]


def test_the_trace_view_is_whole_json_with_counters_at_its_end(plugin: Plugin) -> None:
    host = plugin.view("/trace", "baseline")
    assert any(e["name"] == "annt_prof::forward" for e in host["traceEvents"])
    device = plugin.view("/trace", "device")
    assert device["traceName"] == "/tmp/[odd]/name.json"
    assert any(e["name"] == "GPU 0 Utilization" for e in device["traceEvents"])


def test_the_memory_view(plugin: Plugin) -> None:
    host = plugin.view("/memory", "baseline")
    assert any(row[0] == "aten::empty" for row in host["rows"]["CPU"])
    assert plugin.view("/memory_curve", "baseline")["rows"]["CPU"]
    assert plugin.view("/memory_events", "baseline")["rows"]["CPU"]
    device = plugin.view("/memory", "device")
    assert device["rows"]["GPU0"][0][:3] == ["aten::mm", 1, 4.0]


def test_variants_can_be_compared(plugin: Plugin) -> None:
    other = {"exp_run": "wide", "exp_worker": "rank_0", "exp_span": "1"}
    told = plugin.view("/diff", "baseline", **other)
    names = [child["left"]["name"] for child in told["children"]]
    assert sum("DataLoader" in name for name in names) == STEPS
    assert sum("Optimizer.step" in name for name in names) == STEPS
    assert told["left"]["total_duration"] > 0
    assert told["right"]["total_duration"] > 0
    assert plugin.view("/diffnode", "baseline", path="0", **other)["left"]


def test_the_original_alone_is_misread(tmp_path: Path) -> None:
    """Why the copy exists: without it the device trace is lost to its uncategorised event."""
    events = [e for e in device_trace()["traceEvents"] if e.get("cat") or e["ph"] != "X"]
    (tmp_path / "raw").mkdir()
    raw = tmp_path / "raw" / COPY
    raw.write_bytes(gzip.compress(json.dumps({"traceEvents": events}).encode()))
    plugin = Plugin(tmp_path, runs=1)
    assert len(plugin.steps("raw")) == 4
    assert plugin.breakdown_us("raw")["DataLoader"] == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="no traces of real devices beside the checkout")
def test_traces_of_real_devices(tmp_path: Path) -> None:
    steps = {
        "a100-alexnet-nosteps": ["0"],  # its own name for a trace without steps
        "a100-ddp-3steps": ["4", "5", "6"],
        "cpu-gloo-1step": ["551"],
        "h100-vit-inference-1step": ["6"],
        "mi250-minitoy-2steps": ["1"],  # it leaves out a last step without device work
    }
    for name in steps:
        (tmp_path / name).mkdir()
        normalise(SHARED / f"{name}.json.gz", tmp_path / name / COPY)
    plugin = Plugin(tmp_path, runs=len(steps))
    assert {name: plugin.steps(name) for name in steps} == steps
    for name in steps:
        told = plugin.breakdown_us(name)
        assert sum(told.values()) - told["step"] == pytest.approx(told["step"], abs=6)
        assert plugin.view("/trace", name)["traceEvents"]
        assert plugin.view("/operation/table", name, group_by="Operation")["data"] is not None
    assert plugin.breakdown_us("a100-ddp-3steps")["step"] == pytest.approx(222_368, rel=0.01)
    assert "Kernel" in plugin.get("/views", run="h100-vit-inference-1step")

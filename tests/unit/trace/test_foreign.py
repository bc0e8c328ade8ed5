"""What other profilers and other exports write is named for what it is, and never analysed."""

import gzip
import io
import json
import pickle
import sqlite3
import struct
import tarfile
import zipfile

import pytest

from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.foreign import NotATraceError
from annt_prof.trace.reading import read


def metadata(name, told, pid=1):
    return {"ph": "M", "pid": pid, "name": name, "args": {"name": told}}


def complete(name, **fields):
    return {"ph": "X", "pid": 1, "tid": 2, "ts": 10.5, "dur": 3, "name": name, **fields}


def database(*statements):
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return connection.serialize()


def archive_of_tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("trace.json"), io.BytesIO(b""))
    return buffer.getvalue()


def archive_of_zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("trace.json", '{"traceEvents": []}')
    return buffer.getvalue()


def event_file():
    # An Event has wall_time, a double, as field 1 and file_version, text, as field 3.
    event = b"\x09" + struct.pack("<d", 1.7e9) + b"\x1a\x0dbrain.Event:2"
    return struct.pack("<Q", len(event)) + b"\x01\x02\x03\x04" + event + b"\x05\x06\x07\x08"


def message(field, content):
    return bytes([field << 3 | 2, len(content)]) + content


LEGACY = (
    '[{"name": "aten::mm", "ph": "X", "ts": 101.524, "dur": 134.49, "tid": 1, '
    '"pid": "CPU functions", "args": {}}, {"name": "aten::mm", "ph": "s", "ts": 101.524, '
    '"tid": 1, "pid": "CPU functions", "id": 0, "cat": "cpu_to_cuda", "args": {}}]'
)
XLA = {
    "displayTimeUnit": "ns",
    "metadata": {"highres-ticks": True},
    "traceEvents": [
        metadata("process_name", "/device:TPU:0"),
        metadata("thread_name", "XLA Ops"),
        metadata("process_name", "/host:CPU", pid=701),
        complete("fusion.3", args={"hlo_op": "fusion.3"}),
    ],
}
TENSORFLOW = {
    "traceEvents": [
        metadata("process_name", "/job:localhost/replica:0/task:0/device:GPU:0 Compute"),
        complete("MatMul", cat="Op", args={"name": "dense/MatMul", "op": "MatMul"}),
    ]
}
VIZTRACER = {
    "traceEvents": [
        metadata("process_name", "MainProcess"),
        complete("train.py(2).<module>", cat="FEE"),
    ],
    "viztracer_metadata": {"version": "1.0.4", "overflow": False},
}
ONNX_RUNTIME = [
    complete("model_loading_array", cat="Session", args={}),
    complete("conv1_kernel_time", cat="Node", args={"op_name": "Conv", "provider": "CPU"}),
]
EXECUTION_TRACE = (
    '{\n  "schema": "1.1.1-chakra.0.0.4", "pid": 77, "time": "2025-03-01 10:00:00", '
    '"start_ts": 123,\n  "nodes": [\n    {"id": 1, "name": "[pytorch|profiler|execution_trace'
    '|process]", "ctrl_deps": 1, "attrs": []}\n  ],\n  "finish_ts": 456\n}'
)
NSIGHT_LINES = (
    '{"Type":59,"NvtxEvent":{"Type":59,"Timestamp":"4739751477","Text":"forward"}}\n'
    '{"Type":80,"CudaEvent":{"startNs":"4739751480","endNs":"4739751999","correlationId":7}}\n'
)
SNAPSHOT = {"segments": [], "device_traces": [[]], "allocator_settings": {}}
STACKS = "train.py(7):_main;nn/linear.py(114):_forward;aten::linear 6600\n"
TABLE = f"{'-' * 20}  {'-' * 12}\n{'Name':>20}  {'Self CPU %':>12}\n{'-' * 20}\n"

NAMED = [
    pytest.param(XLA, "trace of the XLA profiler", "JAX", id="jax"),
    pytest.param(LEGACY, "legacy autograd profiler", "torch.profiler.profile", id="legacy"),
    pytest.param(TENSORFLOW, "timeline of TensorFlow", "export_chrome_trace", id="tensorflow"),
    pytest.param(VIZTRACER, "VizTracer", "export_chrome_trace", id="viztracer"),
    pytest.param(ONNX_RUNTIME, "ONNX Runtime", "export_chrome_trace", id="onnxruntime"),
    pytest.param([[1, 2], [[0] * 8, [4] * 8]], "memory timeline", "trace", id="memory timeline"),
    pytest.param([[5, 0, 1024, 3], [6, 2, -1024, 3]], "memory timeline", "", id="raw timeline"),
    pytest.param(EXECUTION_TRACE, "execution trace", "Kineto trace", id="execution trace"),
    pytest.param(EXECUTION_TRACE[:200], "execution trace", "", id="execution trace cut"),
    pytest.param(NSIGHT_LINES, "JSON export of Nsight", "nsys stats", id="nsys lines"),
    pytest.param(NSIGHT_LINES[:78], "JSON export of Nsight", "nsys stats", id="nsys one line"),
    pytest.param(
        {"$schema": "https://www.speedscope.app/file-format-schema.json", "profiles": []},
        "speedscope",
        "",
        id="speedscope",
    ),
    pytest.param(
        database("CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER, end INTEGER)"),
        "SQLite export of Nsight Systems",
        "nsys stats",
        id="nsys sqlite",
    ),
    pytest.param(database("CREATE TABLE runs (id INTEGER)"), "SQLite database", "", id="sqlite"),
    pytest.param(pickle.dumps(SNAPSHOT), "snapshot of CUDA's memory", "memory_viz", id="snapshot"),
    pytest.param(pickle.dumps([1]), "pickle", "would run it", id="pickle"),
    pytest.param(b"\x18\x00\x00\x00ED00" + bytes(40), "ETDump", "Inspector", id="etdump"),
    pytest.param(
        message(1, b"\x08\x01" + message(2, b"/host:CPU") + bytes(3)),
        "XSpace",
        "XProf",
        id="xplane",
    ),
    pytest.param(message(1, b"\x32\x06" + bytes(6)) * 3, "protocol buffer", "", id="perfetto"),
    pytest.param(event_file(), "event file of TensorBoard", "scalars", id="event file"),
    pytest.param(STACKS, "list of stacks", "", id="stacks"),
    pytest.param(TABLE, "printed table", "", id="table"),
    pytest.param("<!DOCTYPE html>\n<html><body>", "HTML page", "fetch", id="html"),
    pytest.param("<html>\n<head>", "HTML page", "memory timeline", id="html plot"),
    pytest.param(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "pointer of Git LFS",
        "git lfs pull",
        id="lfs",
    ),
    pytest.param(archive_of_zip(), "zip archive", "unpack", id="zip"),
    pytest.param(archive_of_tar(), "tar archive", "unpack", id="tar"),
    pytest.param(b"\x28\xb5\x2f\xfd\x04\x00", "Zstandard", "zstd -d", id="zstd"),
    pytest.param(b"\xfd7zXZ\x00\x00\x04", "xz", "xz -d", id="xz"),
    pytest.param(b"BZh91AY&SY", "bzip2", "bzip2 -d", id="bzip2"),
    pytest.param('{"traceEvents": []}'.encode("utf-16"), "UTF-16", "iconv", id="utf-16"),
]


@pytest.mark.parametrize(("content", "what", "hint"), NAMED)
@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_no_trace_of_pytorch_is_named_with_what_to_do(
    content, what, hint, compressed, tmp_path
):
    if isinstance(content, dict | list):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content
    path = tmp_path / ("trace.json.gz" if compressed else "trace.json")
    path.write_bytes(gzip.compress(data) if compressed else data)
    with pytest.raises(NotATraceError) as caught:
        read(path)
    assert caught.value.message.startswith("not a PyTorch trace: this is ")
    assert what in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("suffix", "what"),
    [("nsys-rep", "Nsight Systems"), ("qdrep", "Nsight Systems"), ("ncu-rep", "Nsight Compute")],
)
def test_reports_without_a_mark_are_told_by_their_suffix(suffix, what, tmp_path):
    path = tmp_path / f"report.{suffix}"
    path.write_bytes(b"\x4e\x56\x52\x00\x01\x02")
    with pytest.raises(NotATraceError, match=what):
        read(path)


def test_a_trace_of_pytorch_is_one_whatever_its_names_say(tmp_path):
    builder = TraceBuilder().step(0, 100).annotation("/device:TPU:0", 1, 2)
    builder.annotation("viztracer_metadata", 3, 4)
    assert len(read(builder.write(tmp_path / "trace.json")).events) == 3


@pytest.mark.parametrize("events", [[], [complete("k", cat="mtia_ccp_events")], [complete("k")]])
def test_unknown_categories_are_no_other_profilers_sign(events, tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"traceEvents": events}))
    assert len(read(path).events) == len(events)


def test_what_nobody_knows_is_no_json_at_its_byte(tmp_path):
    path = tmp_path / "trace.json"
    path.write_bytes(b"\x01\x02\x03")
    with pytest.raises(UserError, match=r"not JSON.*byte 0"):
        read(path)


def test_a_foreign_trace_that_is_damaged_is_named_too(tmp_path):
    path = tmp_path / "trace.json.gz"
    path.write_bytes(gzip.compress(json.dumps(XLA)[:-40].encode()))
    with pytest.raises(NotATraceError, match="XLA"):
        read(path)
    damaged = json.dumps(XLA).replace("fusion.3", 'fu"sion', 1).encode()
    path.write_bytes(gzip.compress(damaged)[:-2])
    with pytest.raises(NotATraceError, match="XLA"):
        read(path)

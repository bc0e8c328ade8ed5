"""The plugin's copy of a trace: what changes, and that nothing else does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from annt_prof.errors import UserError
from annt_prof.tensorboard.normalise import normalise


def event(category: str | None, name: str, **fields: Any) -> dict[str, Any]:
    complete = {"ph": "X", "name": name, "pid": 1, "tid": 1, "ts": 1, "dur": 2, **fields}
    return complete if category is None else {"cat": category, **complete}


def copied(tmp_path: Path, text: str) -> str:
    original, copy = tmp_path / "kineto.json.gz", tmp_path / "rank_0.1.pt.trace.json.gz"
    original.write_bytes(gzip.compress(text.encode()))
    normalise(original, copy)
    return gzip.decompress(copy.read_bytes()).decode()


def copied_events(tmp_path: Path, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(copied(tmp_path, json.dumps({"traceEvents": events})))["traceEvents"]


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("cuda_runtime", "runtime"),
        ("cuda_driver", "runtime"),
        ("hip_runtime", "runtime"),
        ("fwdbwd", "forward_backward"),
        ("cpu_op", "cpu_op"),
        ("kernel", "kernel"),
        ("gpu_memcpy", "gpu_memcpy"),
        ("ac2g", "ac2g"),
        ("python_function", "python_function"),
        ("user_annotation", "user_annotation"),
    ],
)
def test_categories(tmp_path: Path, category: str, expected: str) -> None:
    given = event(category, "something", args={"External id": 3})
    assert copied_events(tmp_path, given) == [{**given, "cat": expected}]


def test_device_annotations_are_dropped(tmp_path: Path) -> None:
    host, device = event("user_annotation", "ProfilerStep#1"), event("kernel", "gemm")
    shadow = event("gpu_user_annotation", "ProfilerStep#1")
    assert copied_events(tmp_path, shadow, host, shadow, device, shadow) == [host, device]


def test_phases_get_what_the_plugin_knows_them_by(tmp_path: Path) -> None:
    iterator = "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
    found = copied_events(
        tmp_path,
        event("user_annotation", "annt_prof::data_loading"),
        event("user_annotation", iterator),
        event("cpu_op", iterator),
        event("user_annotation", "annt_prof::forward"),
        event("user_annotation", "annt_prof::optimizer"),
        event("user_annotation", "the user's own"),
    )
    assert [(e["name"], e["cat"]) for e in found] == [
        ("enumerate(DataLoader)#annt_prof::data_loading.__next__", "cpu_op"),
        (iterator, "cpu_op"),
        (iterator, "cpu_op"),
        ("annt_prof::forward", "python"),
        ("Optimizer.step#annt_prof::optimizer", "python"),
        ("the user's own", "user_annotation"),
    ]


def test_complete_events_get_a_category_and_all_events_a_name(tmp_path: Path) -> None:
    nameless = {"ph": "M", "pid": 1, "args": {"name": "python"}}
    found = copied_events(
        tmp_path, event(None, "a"), event(None, "b", cat=None), event(None, "c", cat=7), nameless
    )
    assert [e["cat"] for e in found[:3]] == ["user_annotation"] * 3
    assert found[3] == {**nameless, "name": ""}


DIGITS = """{
  "schemaVersion": 1, "traceName": "/tmp/[odd]/trace.json", "with_stack": 1,
  "deviceProperties": [{"id": 0, "name": "A \\u00e9 \\"device\\"", "totalGlobalMem": 42297524224}],
  "traceEvents": [
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 1, "tid": 2,
   "ts": 4458676981028392.123, "dur": 2393.500, "args": {"correlation": 18446744073709551615,
   "blocks per SM": 4.740740999999999999, "shape": [1e3, -0.0, []], "none": null}},
  {"ph": "X", "cat": "kernel", "name": "gemm<\\u0041>", "pid": 0, "tid": 7,
   "ts": 4458676981028394.1230, "dur": 0.001, "args": {"grid": [1, 1, 1]}}
  ], "displayTimeUnit": "ms", "baseTimeNanoseconds": 1790857026000000000
}"""


def test_numbers_keep_their_digits_and_every_field_stays(tmp_path: Path) -> None:
    """Floats would lose nanoseconds: the digits are compared as text."""
    as_text = {"parse_float": str, "parse_int": str}
    given = json.loads(DIGITS, **as_text)
    found = json.loads(copied(tmp_path, DIGITS), **as_text)
    given["traceEvents"][0]["cat"] = "runtime"
    assert found == given


def test_an_untouched_event_is_copied_byte_for_byte(tmp_path: Path) -> None:
    untouched = DIGITS[DIGITS.index('{"ph": "X", "cat": "kernel"') : DIGITS.index("\n  ], ")]
    assert untouched in copied(tmp_path, DIGITS)


def test_the_events_come_last_with_the_last_bracket_of_the_text(tmp_path: Path) -> None:
    """The plugin appends its counters at the last bracket, and drops what follows."""
    text = copied(tmp_path, DIGITS)
    appended = text[: text.rfind("]")] + ', {"ph": "C", "name": "GPU 0 Utilization"}]}'
    found = json.loads(appended)
    assert [e["ph"] for e in found["traceEvents"]] == ["X", "X", "C"]
    assert found["traceName"] == "/tmp/[odd]/trace.json"
    assert found["displayTimeUnit"] == "ms"


def test_a_plain_file_and_no_events_will_do(tmp_path: Path) -> None:
    original, copy = tmp_path / "plain.json", tmp_path / "copy.pt.trace.json.gz"
    original.write_text('{"traceEvents": []}')
    normalise(original, copy)
    assert json.loads(gzip.decompress(copy.read_bytes())) == {"traceEvents": []}


def test_the_original_is_left_as_it_is(tmp_path: Path) -> None:
    copied(tmp_path, DIGITS)
    assert gzip.decompress((tmp_path / "kineto.json.gz").read_bytes()).decode() == DIGITS


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(DIGITS.encode())[:-40],
        gzip.compress(DIGITS[:-300].encode()),
        gzip.compress(b'{"traceEvents": [{"ph": "X", "cat": "kernel"'),
        gzip.compress(b'{"traceEvents": {"not": "a list"}}'),
        gzip.compress(b'{"traceEvents": ["not an event"]}'),
        gzip.compress(b'{"schemaVersion": 1}'),
        gzip.compress(b"[]"),
        b"",
        b"\x1f\x8bnot gzip",
        None,
    ],
)
def test_what_is_no_trace_is_told_by_name_and_leaves_nothing(
    tmp_path: Path, content: bytes | None
) -> None:
    original, folder = tmp_path / "kineto.json.gz", tmp_path / "out"
    folder.mkdir()
    if content is not None:
        original.write_bytes(content)
    with pytest.raises(UserError) as caught:
        normalise(original, folder / "rank_0.1.pt.trace.json.gz")
    assert caught.value.where == str(original)
    assert list(folder.iterdir()) == []

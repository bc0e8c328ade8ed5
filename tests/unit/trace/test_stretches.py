"""A trace that several processes decode is what one decodes, whatever becomes of them."""

import dataclasses
import functools
import gzip
import json
import os
import signal
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace import decoders, large, stretches
from annt_prof.trace.reading import read
from annt_prof.trace.stretches import StretchesOfChunks, StretchesOfFile

WRITTEN = ("json", "json.gz")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "traces"
SHARED = Path(__file__).parents[4] / "shared" / "traces"


class Here:
    """An executor without processes."""

    def __init__(self):
        self.num_parts = 0

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        self.num_parts += future.result() is not None
        return future


@pytest.fixture
def here(monkeypatch):
    """Decode in this process, and count the stretches that were whole lists of events."""
    executor = Here()

    @contextmanager
    def no_pool(_processes, _module, begin, *arguments):
        enabled = decoders.gc.isenabled()
        begin(*arguments)
        if enabled:
            decoders.gc.enable()
        yield executor

    monkeypatch.setattr(decoders, "process_pool", no_pool)
    return executor


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch):
    monkeypatch.setattr(large, "LEAST_SHARED_BYTES", 0)


def written(folder, text, suffix):
    """Write a trace in either of the ways in which its text is cut."""
    path = folder / f"trace.{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix == "json.gz" else text.encode())
    return path


def cut_each(monkeypatch, num_bytes):
    """Cut stretches of so many bytes, and read the file in as small chunks."""
    for kind in (StretchesOfChunks, StretchesOfFile):
        sized = functools.partial(kind, stretch_bytes=num_bytes)
        monkeypatch.setattr(stretches, kind.__name__, sized)
    monkeypatch.setattr("annt_prof.trace.source._CHUNK_BYTES", num_bytes)


def differing(one, other):
    """Return the fields in which two traces differ, each by its path."""
    for field in dataclasses.fields(one):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(ours):
            yield from (f"{field.name}.{inner}" for inner in differing(ours, theirs))
        elif isinstance(ours, np.ndarray):
            as_bits = ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()
            if not as_bits:
                yield field.name
        elif ours != theirs:
            yield field.name


def varied(num_rounds=40):
    """Return a trace in which whatever is told once appears late, early, and again."""
    builder = TraceBuilder(world_size=2)
    for number in range(num_rounds):
        at = number * 10_000
        builder.step(at, at + 9_000)
        builder.allocation(at + 10, 64 * number, number, thread=900 + number % 7)
        builder.forward_link(at + 20, thread=800 + number % 5)
        builder.operator(f"aten::op{number * 7 % 11}", at + 10, at + 90, sequence=number)
        builder.kernel(f"k{number % 9}", at + 100, at + 900, launch_ns=at + 50)
        told = {"Collective name": "allreduce", "In msg nelems": number % 6, "dtype": "Float"}
        told |= {"grid": [number % 4, 1, 1], "block": [32, 1, 1]}
        builder.event("kernel", "ncclAllReduce", at, at + 5, pid=0, tid=number % 3, args=told)
    return builder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.integers(200, 9_000), st.sampled_from([None, 2]), st.integers(2, 5), st.sampled_from(WRITTEN)
)
def test_any_number_of_stretches_says_what_one_process_says(
    tmp_path, monkeypatch, here, num_bytes, indent, processes, suffix
):
    text = json.dumps(json.loads(varied().json()), indent=indent)
    path = written(tmp_path, text, suffix)
    alone = read(path)
    cut_each(monkeypatch, num_bytes)
    here.num_parts = 0
    assert list(differing(read(path, processes=processes), alone)) == []
    assert here.num_parts > len(text) // num_bytes // 4


@pytest.mark.parametrize("suffix", WRITTEN)
def test_processes_say_what_one_says(tmp_path, monkeypatch, suffix):
    path = varied(2_000).write(tmp_path / f"trace.{suffix}")
    alone = read(path)
    cut_each(monkeypatch, 100_000)
    assert list(differing(read(path, processes=2), alone)) == []


@pytest.mark.parametrize("name", ["h100_amp", "h100_held_up"])
def test_so_they_do_of_a_real_trace(name, monkeypatch, here):
    path = FIXTURES / f"{name}.json.gz"
    alone = read(path)
    cut_each(monkeypatch, 20_000)
    assert list(differing(read(path, processes=3), alone)) == []
    assert here.num_parts > 1


@pytest.mark.parametrize(
    "name", ["a100-ddp-3steps", "h100-vit-inference-1step", "mi250-minitoy-2steps"]
)
def test_so_they_do_of_strangers(name, monkeypatch, here):
    path = SHARED / f"{name}.json.gz"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    alone = read(path)
    cut_each(monkeypatch, 15_000)
    assert list(differing(read(path, processes=3), alone)) == []
    assert here.num_parts > 1


def test_a_thread_of_allocations_alone_comes_after_those_of_events(tmp_path, monkeypatch, here):
    """However much of the file lies between them, and in whichever order."""
    builder = TraceBuilder().allocation(5, 64, 64, thread=77).forward_link(6, thread=66)
    for number in range(200):
        builder.kernel(f"k{number}", number * 10, number * 10 + 5, launch_ns=number)
    path = builder.write(tmp_path / "trace.json")
    cut_each(monkeypatch, 2_000)
    trace = read(path, processes=2)
    assert here.num_parts > 5
    assert [tid for _, tid in trace.threads[-2:]] == [77, 66]
    assert trace.allocations.thread.tolist() == [len(trace.threads) - 2]
    assert trace.forward_links.thread.tolist() == [len(trace.threads) - 1]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_where_a_likely_cut_is_none_the_rest_is_read_here(tmp_path, monkeypatch, here, suffix):
    inner = [{"ph": "X", "name": f"inner{number}"} for number in range(3)]
    events = [
        {"ph": "X", "cat": "kernel", "name": f"k{number}", "pid": 0, "tid": 7, "ts": number,
         "dur": 1} | ({"args": {"inner": inner * 200}} if number == 500 else {})
        for number in range(1_000)
    ]  # fmt: skip
    path = written(tmp_path, json.dumps({"traceEvents": events}), suffix)
    alone = read(path)
    assert len(alone.events) == 1_000
    cut_each(monkeypatch, 4_000)
    assert list(differing(read(path, processes=2), alone)) == []
    assert 5 < here.num_parts < 15


@pytest.mark.parametrize("damage", ['"ts": "noon"', '"ts": 1, "dur": [1]', '"ts": 1, "name": '])
@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_damaged_event_is_told_as_one_process_tells_it(
    tmp_path, monkeypatch, here, damage, suffix
):
    whole = json.dumps({"traceEvents": json.loads(varied().json())["traceEvents"]})
    middle = whole.index('{"ph"', len(whole) // 2)
    text = f'{whole[:middle]}{{"ph": "X", {damage}}}, {whole[middle:]}'
    path = written(tmp_path, text, suffix)

    def told(processes):
        try:
            trace = read(path, processes=processes)
        except UserError as error:
            return str(error)
        return (trace.num_malformed, trace.losses, trace.events.start_ns.tolist())

    alone = told(1)
    cut_each(monkeypatch, 2_000)
    assert told(2) == alone
    assert here.num_parts > 1


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_file_that_breaks_off_says_so(tmp_path, monkeypatch, here, suffix):
    path = written(tmp_path, varied().json(), suffix)
    path.write_bytes(path.read_bytes()[:-300])
    alone = read(path)
    cut_each(monkeypatch, 2_000)
    shared = read(path, processes=2)
    assert "breaks off" in shared.losses[0]
    assert list(differing(shared, alone)) == []
    assert here.num_parts > 1


def _killed(_text, _place):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_process_that_is_killed_leaves_its_text_to_this_one(tmp_path, monkeypatch, suffix):
    path = varied(500).write(tmp_path / f"trace.{suffix}")
    alone = read(path)
    cut_each(monkeypatch, 30_000)
    monkeypatch.setattr(decoders, "_decode", _killed)
    assert list(differing(read(path, processes=2), alone)) == []


def test_a_small_file_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(large, "LEAST_SHARED_BYTES", 2**20)
    monkeypatch.setattr(decoders, "start_decoders", None)
    assert len(read(varied().write(tmp_path / "trace.json.gz"), processes=8).events) > 100


@pytest.mark.parametrize("suffix", WRITTEN)
def test_how_far_reading_has_come_is_told_to_the_end(tmp_path, monkeypatch, here, suffix):
    path = varied().write(tmp_path / f"trace.{suffix}")
    cut_each(monkeypatch, 2_000)
    told = []
    read(path, notify=lambda *read_bytes: told.append(read_bytes), processes=2)
    size = path.stat().st_size
    assert [place for place, _ in told] == sorted(place for place, _ in told)
    assert {of for _, of in told} == {size}
    assert told[-1] == (size, size)
    assert here.num_parts > 5


@pytest.mark.parametrize("suffix", WRITTEN)
def test_the_bound_on_the_size_holds_for_several_processes(tmp_path, monkeypatch, here, suffix):
    text = varied().json()
    path = written(tmp_path, text, suffix)
    cut_each(monkeypatch, 2_000)
    with pytest.raises(UserError, match="bytes once decompressed"):
        read(path, max_bytes=len(text) - 1, processes=2)
    assert len(read(path, max_bytes=len(text), processes=2).events)
    assert here.num_parts > 5


def test_decoders_that_run_already_read_one_file_after_the_other(tmp_path, monkeypatch):
    paths = [varied(500 + number).write(tmp_path / f"{number}.json") for number in range(3)]
    cut_each(monkeypatch, 30_000)
    with decoders.start_decoders(2) as running:
        for path in paths:
            assert list(differing(read(path, processes=running), read(path))) == []


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_bare_list_is_cut_from_its_first_event_on(tmp_path, monkeypatch, here, suffix):
    text = "\n  [" + json.dumps(json.loads(varied().json())["traceEvents"])[1:]
    path = written(tmp_path, text, suffix)
    alone = read(path)
    cut_each(monkeypatch, 2_000)
    assert list(differing(read(path, processes=2), alone)) == []
    assert here.num_parts > len(text) // 4_000


def test_a_file_that_is_taken_away_is_read_to_its_end(tmp_path, monkeypatch, here):
    path = varied().write(tmp_path / "trace.json")
    alone = read(path)
    cut_each(monkeypatch, 2_000)

    def take_away(_read_bytes, _size):
        path.unlink(missing_ok=True)

    assert list(differing(read(path, notify=take_away, processes=2), alone)) == []
    assert here.num_parts <= 1


def test_a_long_event_is_no_end_of_what_is_shared(tmp_path, monkeypatch, here):
    """Its end lies further from a cut than is looked at first."""
    monkeypatch.setattr(stretches, "_WINDOW_BYTES", 8)
    path = varied().write(tmp_path / "trace.json")
    alone = read(path)
    cut_each(monkeypatch, 1_000)
    assert list(differing(read(path, processes=2), alone)) == []
    assert here.num_parts > path.stat().st_size // 2_500


def test_what_was_given_up_is_not_written_over_the_next_file(tmp_path, monkeypatch):
    """The decoders are another file's as soon as reading one has failed."""
    damaged = varied(2_000).write(tmp_path / "damaged.json.gz")
    damaged.write_bytes(damaged.read_bytes()[:-4_000])
    whole = varied(500).write(tmp_path / "whole.json")
    cut_each(monkeypatch, 30_000)
    with decoders.start_decoders(2) as running:
        for _ in range(3):
            assert "breaks off" in read(damaged, processes=running).losses[0]
            assert list(differing(read(whole, processes=running), read(whole))) == []

import gzip
import json

import numpy as np
import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.errors import UserError
from annt_prof.testing import MAIN_THREAD, TraceBuilder
from annt_prof.trace.columns import MISSING, Kind
from annt_prof.trace.reading import read


def written(tmp_path, events, **head):
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({**head, "traceEvents": events}))
    return path


def event(**fields):
    return {
        "ph": "X",
        "cat": "kernel",
        "name": "k",
        "pid": 0,
        "tid": 7,
        "ts": 1,
        "dur": 2,
        **fields,
    }


def small():
    return (
        TraceBuilder(world_size=2)
        .step(1_000, 9_500)
        .operator("aten::mm", 1_100, 1_200, sequence=5)
        .kernel("gemm", 2_000, 3_000, launch_ns=1_150)
        .copy("HtoD", 3_000, 3_500, num_bytes=77, stream=9)
        .forward_link(1_100)
    )


def test_columns_hold_what_the_file_says(tmp_path):
    trace = read(small().write(tmp_path / "trace.json"))
    events = trace.events
    assert [trace.names[i] for i in events.name] == [
        "ProfilerStep#0", "aten::mm", "cudaLaunchKernel", "gemm", "Memcpy HtoD (Pinned -> Device)",
    ]  # fmt: skip
    assert events.start_ns.tolist() == [1_000, 1_100, 1_150, 2_000, 3_000]
    assert events.end_ns.tolist() == [9_500, 1_200, 1_150, 3_000, 3_500]
    assert events.kind.tolist() == [
        Kind.ANNOTATION, Kind.OPERATOR, Kind.RUNTIME, Kind.KERNEL, Kind.MEMCPY,
    ]  # fmt: skip
    assert events.correlation.tolist() == [MISSING, MISSING, 1, 1, MISSING]
    assert events.sequence.tolist() == [MISSING, 5, MISSING, MISSING, MISSING]
    assert events.stream.tolist() == [MISSING, MISSING, MISSING, 7, 9]
    assert events.bytes.tolist()[-1] == 77
    assert trace.threads[events.thread[0]] == (MAIN_THREAD, MAIN_THREAD)
    assert trace.forward_links.start_ns.tolist() == [1_100]
    assert trace.forward_links.thread[0] == events.thread[0]
    assert (trace.rank, trace.world_size, trace.backend) == (0, 2, "nccl")
    assert (trace.num_clamped, trace.num_malformed) == (0, 0)


def test_compression_is_told_by_content_not_by_name(tmp_path):
    plain = read(small().write(tmp_path / "trace.json"))
    compressed = tmp_path / "compressed.json"
    compressed.write_bytes(gzip.compress(small().json().encode()))
    members = tmp_path / "members.gz"
    text = small().json().encode()
    members.write_bytes(gzip.compress(text[:100]) + gzip.compress(text[100:]))
    padded = tmp_path / "padded.gz"  # as on a tape, or a disk that allots whole blocks
    padded.write_bytes(gzip.compress(text) + bytes(512))
    named = tmp_path / "named.gz"  # as the gzip program writes it
    with named.open("wb") as file, gzip.GzipFile("trace.json", "wb", fileobj=file) as stream:
        stream.write(text)
    for path in (small().write(tmp_path / "trace.json.gz"), compressed, members, padded, named):
        assert read(path).events.start_ns.tolist() == plain.events.start_ns.tolist()


def test_a_subset_of_the_events_keeps_its_columns_together(tmp_path):
    events = read(small().write(tmp_path / "trace.json")).events
    device = events[events.of_kind(Kind.KERNEL, Kind.MEMCPY)]
    assert len(device) == 2
    assert device.stream.tolist() == [7, 9]


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("Kernel", Kind.KERNEL),
        ("Memcpy", Kind.MEMCPY),
        ("gpu_memset", Kind.MEMSET),
        ("Operator", Kind.OPERATOR),
        ("Runtime", Kind.RUNTIME),
        ("cuda_driver", Kind.DRIVER),
        ("gpu_user_annotation", Kind.DEVICE_ANNOTATION),
        ("cuda_sync", Kind.DEVICE_SYNC),
        ("python_function", Kind.PYTHON),
        ("something new", Kind.OTHER),
        (None, Kind.OTHER),
    ],
)
def test_every_dialect_of_categories(tmp_path, category, kind):
    assert read(written(tmp_path, [event(cat=category)])).events.kind.tolist() == [kind]


@pytest.mark.parametrize("value", [5, 5.0, "5", "0x5"])
def test_ids_as_integer_float_or_string(tmp_path, value):
    args = {"correlation": value, "stream": value, "device": value, "external id": value}
    events = read(written(tmp_path, [event(args=args, pid=str(5), tid=5)])).events
    for column in (events.correlation, events.stream, events.device, events.external_id):
        assert column.tolist() == [5]


def test_ids_that_are_no_numbers_are_missing(tmp_path):
    args = {"correlation": "none", "stream": 1e300, "device": 2**200}
    events = read(written(tmp_path, [event(args=args)])).events
    assert events.correlation.tolist() == [MISSING]
    assert events.stream.tolist() == [MISSING]
    assert events.device.tolist() == [MISSING]


def test_threads_written_differently_are_the_same(tmp_path):
    trace = read(written(tmp_path, [event(tid=7), event(tid="7"), event(tid="loader")]))
    assert trace.threads == ((0, 7), (0, "loader"))
    assert trace.events.thread.tolist() == [0, 0, 1]


@pytest.mark.parametrize("duration", [-1, "-3", 18446744073709551, 1e30, 10**400])
def test_damaged_durations_are_zero_and_counted(tmp_path, duration):
    trace = read(written(tmp_path, [event(ts=10, dur=duration), event(ts=20, dur="1.5")]))
    assert (trace.events.end_ns - trace.events.start_ns).tolist() == [0, 1500]
    assert trace.num_clamped == 1


def test_durations_keep_their_nanoseconds(tmp_path):
    trace = read(written(tmp_path, [event(ts=0, dur=156.777), event(ts=0, dur=8144415000.001)]))
    assert trace.events.end_ns.tolist() == [156_777, 8_144_415_000_001]


def test_events_with_impossible_types_are_left_out_and_counted(tmp_path):
    events = [event(), event(name=["a"]), event(args=3), event(pid={}), event(ts=5), {"ph": "X"}, 7]
    trace = read(written(tmp_path, events, distributedInfo={"world_size": 4}))
    assert trace.events.start_ns.tolist() == [1_000, 5_000]
    assert trace.num_malformed == 5
    assert trace.world_size == 4


def test_a_bare_list_of_events_is_a_trace_too(tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps([event()]))
    assert len(read(path).events) == 1
    path.write_text(json.dumps([event(), 3]))
    assert read(path).num_malformed == 1


@pytest.mark.parametrize(
    ("following", "num_events"),
    [
        ('"otherData"', 20_000),  # as large a list of another key is none of events
        ('"traceEvents"', 15_000),  # of a key that is there twice the last one holds, as in Python
    ],
)
def test_a_list_after_the_events_is_not_of_them(tmp_path, following, num_events):
    first, second = (
        json.dumps([event(ts=at) for at in range(number)], indent=0) for number in (20_000, 15_000)
    )
    path = tmp_path / "trace.json"
    path.write_text(f'{{"traceEvents": {first}, {following}: {second}}}')
    assert len(read(path).events) == num_events


def test_a_bare_list_may_stand_far_in_but_nothing_may_follow_it(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(" " * 100 + json.dumps([event(), event(ts="noon", pid=[])]))
    assert (len(read(path).events), read(path).num_malformed) == (1, 1)
    path.write_text(json.dumps([event()]) + ', "distributedInfo": {"rank": 1}')
    with pytest.raises(UserError, match="not JSON"):
        read(path)


def test_names_are_data(tmp_path):
    odd = "\x1b[31m[bold]<script>\u2603\n" + "x" * 1_000_000
    assert read(written(tmp_path, [event(name=odd), event(name=odd)])).names == (odd,)


def test_a_trace_without_events_has_empty_columns(tmp_path):
    trace = read(written(tmp_path, []))
    assert len(trace.events) == 0
    assert trace.events.start_ns.dtype == np.int64


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello", "not JSON"),
        (b"{}", "no traceEvents"),
        (b'{"schemaVersion": 1}', "no traceEvents"),
        (b"3", "not a PyTorch trace"),
        (b'{"traceEvents": 3}', "not a PyTorch trace"),
        (b'{"traceEvents": []} trailing', "not JSON"),
        (b'{"traceEvents": [{"ph": "X", "ts": "noon"}]}', "'noon'"),
        (b'{"a":' + b"[" * 100_000, "trace|JSON"),
        (b"\x1f\x8b not really", "damaged|truncated"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_place(tmp_path, content, message):
    path = tmp_path / "trace.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert caught.value.where == str(path)


def agree_as_far_as_they_go(part, whole):
    """Return how many events a partial trace has, all of them those of the whole one."""
    count = len(part.events)
    assert part.events.start_ns.tolist() == whole.events.start_ns[:count].tolist()
    assert part.events.end_ns.tolist() == whole.events.end_ns[:count].tolist()
    assert [part.names[i] for i in part.events.name] == [
        whole.names[i] for i in whole.events.name[:count]
    ]
    return count


def test_truncated_at_any_byte_gives_what_is_whole_and_says_so(tmp_path):
    document = small().json().encode().rstrip()
    path = tmp_path / "trace.json"
    path.write_bytes(document)
    whole = read(path)
    assert whole.losses == ()
    counts = []
    for length in range(len(document)):
        path.write_bytes(document[:length])
        try:
            part = read(path)
        except UserError:
            assert not counts
            continue
        counts.append(agree_as_far_as_they_go(part, whole))
        assert "breaks off" in part.losses[0]
    assert counts == sorted(counts)
    assert set(counts) == {1, 2, 3, 4, 5}


def test_a_compressed_file_truncated_at_any_byte_gives_what_is_whole(tmp_path):
    document = small().json().encode()
    whole = read(small().write(tmp_path / "whole.json"))
    compressed = gzip.compress(document)
    path = tmp_path / "trace.json.gz"
    counts = []
    for length in range(len(compressed)):
        path.write_bytes(compressed[:length])
        try:
            part = read(path)
        except UserError:
            assert not counts
            continue
        counts.append(agree_as_far_as_they_go(part, whole))
    assert counts[-1] == 5


def test_an_event_cut_within_a_character_or_a_nested_object_is_dropped(tmp_path):
    event = '{"ph": "X", "name": "\u2603 }, {", "ts": 1, "dur": 1, "args": {"a": {"b": 1}, "c": 2}}'
    document = f'{{"traceEvents": [{event}, {event}'.encode()
    path = tmp_path / "trace.json"
    for cut in range(1, len(event.encode())):
        path.write_bytes(document[:-cut])
        part = read(path)
        assert len(part.events) == 1
        assert "1 entry of its list of events is whole" in part.losses[0]


def test_a_compressed_file_with_any_damaged_byte_is_refused_or_whole(tmp_path):
    whole = gzip.compress(small().json().encode(), mtime=0)
    path = tmp_path / "trace.json.gz"
    expected = read(small().write(tmp_path / "good.json")).events.start_ns.tolist()
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read(path).events.start_ns.tolist() == expected
        except UserError:
            refused += 1
    assert refused > len(whole) // 2


def test_what_follows_the_compressed_content_is_damage(tmp_path):
    path = tmp_path / "trace.json.gz"
    path.write_bytes(gzip.compress(small().json().encode()) + b"no member")
    with pytest.raises(UserError, match="what follows its compressed content is no gzip") as caught:
        read(path)
    assert "Not a gzipped file" not in str(caught.value)


def test_a_compressed_file_that_ends_before_its_first_event_is_not_empty(tmp_path):
    path = tmp_path / "trace.json.gz"
    for length in (3, 10, 20):
        path.write_bytes(gzip.compress(small().json().encode())[:length])
        with pytest.raises(UserError, match="breaks off before the first whole entry"):
            read(path)
    path.write_bytes(b"")
    with pytest.raises(UserError, match="the file is empty"):
        read(path)


@pytest.mark.parametrize("first", [b"\x00\x00", b"\x1e\x8b", b"[\x8b"])
def test_a_file_named_as_compressed_that_is_not_is_told_so(first, tmp_path):
    path = tmp_path / "trace.json.gz"
    path.write_bytes(first + gzip.compress(small().json().encode())[2:])
    with pytest.raises(UserError) as caught:
        read(path)
    assert "does not begin as a gzip file does" in caught.value.hint
    plain = tmp_path / "trace.json"
    plain.write_bytes(path.read_bytes())
    with pytest.raises(UserError) as caught:
        read(plain)
    assert "gzip" not in str(caught.value)


def test_a_compressed_file_that_lacks_its_check_sum_is_read_and_told(tmp_path):
    whole = gzip.compress(small().json().encode())
    path = tmp_path / "trace.json.gz"
    for lacking in range(1, 9):
        path.write_bytes(whole[:-lacking])
        trace = read(path)
        assert (len(trace.events), trace.losses) == (5, ())
        assert "ends before its check sum" in trace.doubts[0]
    analysis = analyze(trace)
    assert analysis.complete
    assert not any("breaks off" in reason for reason in analysis.not_measured.values())
    assert any("check sum" in remark for remark in analysis.remarks)
    path.write_bytes(whole)
    assert read(path).doubts == ()


def test_a_decompression_bomb_stops_at_the_bound(tmp_path):
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 50_000_000))
    with pytest.raises(UserError, match="more than 1,000,000 bytes"):
        read(path, max_bytes=1_000_000)


def test_the_bound_itself_is_allowed(tmp_path):
    path = small().write(tmp_path / "trace.json")
    size = path.stat().st_size
    assert len(read(path, max_bytes=size).events) == 5
    with pytest.raises(UserError, match="more than"):
        read(path, max_bytes=size - 1)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "absent.json")
    with pytest.raises(UserError, match="not a regular file"):
        read(tmp_path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("duration", [1e307, -1e307, 1e300])
def test_an_overflowing_duration_is_damage_without_a_warning(tmp_path, duration):
    trace = read(written(tmp_path, [event(dur=duration)]))
    assert trace.num_clamped == 1
    assert trace.events.end_ns[0] == trace.events.start_ns[0]


def test_an_event_whose_text_is_no_text_is_read_beside_a_malformed_one(tmp_path):
    path = tmp_path / "trace.json"
    good, malformed = json.dumps(event()), json.dumps(event(ph=7))
    odd = json.dumps(event(name="NAME")).encode().replace(b"NAME", b"\xff")
    path.write_bytes(b'{"traceEvents": [%s, %s, %s]}' % (good.encode(), malformed.encode(), odd))
    trace = read(path)
    assert (len(trace.events), trace.num_malformed) == (2, 1)
    assert trace.names == ("k", "\\xff")


def test_what_a_collective_carries_is_read_and_damage_in_it_costs_no_event(tmp_path):
    told = {"Collective name": "allreduce", "Process Group Name": "0", "Seq": 5,
            "In msg nelems": 8, "Out msg nelems": 8, "dtype": "Float",
            "Process Group Ranks": "[2, 3]", "Src Rank": 2, "Dst Rank": 3}  # fmt: skip
    broken = {"dtype": ["Float"], "Seq": None, "Process Group Ranks": "[2, ...]", "Src Rank": []}
    builder = TraceBuilder()
    for args in (told, told | broken, {}):
        builder.event("kernel", "ncclAllReduce", 10, 20, pid=0, tid=7, args=args)
    trace = read(builder.write(tmp_path / "trace.json"))
    whole, damaged = trace.messages
    assert whole == ("allreduce", "0", 5, 8, 8, "Float", (2, 3), 2, 3)
    assert damaged == ("allreduce", "0", None, 8, 8, None, None, None, 3)
    assert trace.events.message.tolist() == [0, 1, -1]

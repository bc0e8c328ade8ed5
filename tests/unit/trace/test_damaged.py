"""Files that are no JSON within: what of them is read, and what is said of the rest."""

import gzip
import json

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import MISSING, Kind
from annt_prof.trace.mending import Fault, mend
from annt_prof.trace.reading import read

# As Kineto lays its files out, but for the name, which each test writes as it stands in the file.
FRAME = (
    b'  {\n    "ph": "X", "cat": "python_function", "name": "%s", "pid": 100, "tid": 100,\n'
    b'    "ts": 1000.500, "dur": 3,\n    "args": {\n      "Python id": 1, "Ev Idx": 7\n    }\n  }'
)
OPERATOR = (
    b'  {\n    "ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 100, "tid": 100,\n'
    b'    "ts": 1001.000, "dur": 5,\n    "args": {\n      "External id": 3\n    }\n  }'
)
COPY = (
    b'  {\n    "ph": "X", "cat": "gpu_memcpy", "name": "Memcpy HtoD", "pid": 0, "tid": 7,\n'
    b'    "ts": 1002.000, "dur": %s,\n    "args": {\n      "device": 0, "stream": 7, '
    b'"correlation": 9, "bytes": %s, "memory bandwidth (GB/s)": %s\n    }\n  }'
)
HEAD = b'{\n  "schemaVersion": 1,\n  "distributedInfo": {"rank": 3, "world_size": 8},\n'
TAIL = b'\n  ],\n  "traceName": "/tmp/trace.json",\n  "displayTimeUnit": "ms"\n}\n'


def document(*entries, head=HEAD, tail=TAIL):
    return head + b'  "traceEvents": [\n' + b",\n".join(entries) + tail


def reading(tmp_path, content, name="trace.json"):
    path = tmp_path / name
    path.write_bytes(content)
    return read(path)


def names(trace):
    return [trace.names[index] for index in trace.events.name]


def test_three_bytes_of_a_frames_name_that_are_no_utf8_cost_nothing_else(tmp_path):
    builder = (
        TraceBuilder()
        .step(0, 1_000)
        .annotation("Optimizer.step#SGD.step", 900, 950)
        .operator("aten::mm", 100, 300, sequence=1)
        .event("python_function", "config.py(0): BYTES", 5, 8, pid=100, tid=100)
    )
    whole = builder.json().encode()
    expected = analyze(reading(tmp_path, whole, "whole.json")).breakdown
    damaged = whole.replace(b"BYTES", b"\xb9\xc0\xff")
    trace = reading(tmp_path, damaged)
    assert names(trace)[-1] == r"config.py(0): \xb9\xc0\xff"
    place = damaged.index(b"\xb9")
    assert trace.doubts == (
        "1 entry of the list of events holds bytes that are no UTF-8, at byte "
        f"{place:,} of the file (python_function): each is shown as \\xNN",
    )
    analysis = analyze(trace)
    assert analysis.complete
    assert analysis.breakdown.steps == expected.steps
    assert trace.doubts[0] in analysis.remarks


def test_names_whose_bytes_differ_stay_apart(tmp_path):
    trace = reading(tmp_path, document(FRAME % b"\xc7\x80\xb9", FRAME % b"\xb8", FRAME % b"\xb8"))
    assert names(trace) == ["\u01c0\\xb9", "\\xb8", "\\xb8"]
    assert trace.doubts[0].startswith("3 entries of the list of events hold bytes")


def test_a_place_in_a_compressed_file_is_one_of_its_content(tmp_path):
    content = document(OPERATOR, FRAME % b"\xff")
    trace = reading(tmp_path, gzip.compress(content), "trace.json.gz")
    assert f"at byte {content.index(0xFF)} of the decompressed file" in trace.doubts[0]


def test_paths_of_windows_are_read_as_they_stand(tmp_path):
    frames = (
        b"torch\\cuda\\__init__.py(219): _lazy_init",
        b"C:\\Users\\me\\new\\train.py(7): <module>",  # \n would be an escape, \U is none
        b"D:\\work\\",  # the backslash would escape the quote
    )
    tail = TAIL.replace(b"/tmp/trace.json", b"C:\\Users\\me\\trace.json")
    content = document(*(FRAME % frame for frame in frames), OPERATOR, tail=tail)
    trace = reading(tmp_path, content)
    assert names(trace) == [*(frame.decode() for frame in frames), "aten::mm"]
    assert trace.events.external_id.tolist()[-1] == 3
    assert (trace.losses, trace.rank, trace.world_size) == ((), 3, 8)
    assert trace.doubts == (
        "3 entries of the list of events hold quotes, backslashes or control characters that are "
        f"not escaped, the first at byte {content.index(b'cuda') - 1} of the file "
        "(python_function): they are taken as they stand",
    )


@pytest.mark.parametrize(
    "name",
    [
        '{"device": "cpu", "dtype": "float32"}(12): run',
        'operator""_kg',
        '"',
        'print("a", "b")',
        "|||S(1): \x01<module>",
        "two\nlines\tand a tab",
    ],
)
def test_quotes_and_control_characters_in_a_name_are_read_as_they_stand(tmp_path, name):
    trace = reading(tmp_path, document(OPERATOR, FRAME % name.encode(), OPERATOR))
    assert names(trace) == ["aten::mm", name, "aten::mm"]
    assert trace.events.start_ns.tolist() == [1_001_000, 1_000_500, 1_001_000]
    assert trace.events.kind.tolist() == [Kind.OPERATOR, Kind.PYTHON, Kind.OPERATOR]
    assert "not escaped" in trace.doubts[0]


def test_an_escape_beside_a_raw_control_character_stays_one(tmp_path):
    trace = reading(tmp_path, document(FRAME % b'say \\"hi\\"\x02 \\u2603'))
    assert names(trace) == ['say "hi"\x02 \u2603']


def test_half_a_pair_of_surrogates_is_read_as_it_stands(tmp_path):
    trace = reading(tmp_path, document(FRAME % b"a\\udc80b", FRAME % b"\\ud83d\\ude00", OPERATOR))
    assert names(trace) == ["a\\udc80b", "\U0001f600", "aten::mm"]


@pytest.mark.parametrize(
    "written", ["inf", "-inf", "nan", "-nan(ind)", "NaN", "Infinity", "-Infinity", "1.#INF"]
)
def test_numbers_that_json_does_not_have_are_not_told(tmp_path, written):
    content = document(OPERATOR, COPY % (b"4", b"100", written.encode()), FRAME % b"inf, nan")
    trace = reading(tmp_path, content)
    assert names(trace) == ["aten::mm", "Memcpy HtoD", "inf, nan"]
    assert trace.events.bytes.tolist() == [MISSING, 100, MISSING]
    assert trace.num_clamped == 0
    assert trace.doubts == (
        "1 entry of the list of events holds inf or nan, which JSON does not have, at byte "
        f"{content.index(written.encode())} of the file (gpu_memcpy): such a value is taken as "
        "not told",
    )


@pytest.mark.parametrize("written", [b"inf", b"nan", b"-nan(ind)", b"NaN"])
def test_a_size_or_a_duration_that_is_no_number_is_no_number_here_either(tmp_path, written):
    content = document(COPY % (written, written, b"1.5"), OPERATOR)
    trace = reading(tmp_path, content)
    assert names(trace) == ["aten::mm"]
    assert trace.num_clamped == 0
    place = b'"dur": ' + written
    assert trace.doubts[-1] == (
        f"1 gpu_memcpy has no readable duration ('Memcpy HtoD' has {written.decode()!r} at byte "
        f"{content.index(place) + 7} of the file): no figure counts it"
    )
    trace = reading(tmp_path, document(COPY % (b"4", written, b"1.5"), OPERATOR))
    assert trace.events.bytes.tolist()[0] == MISSING
    assert trace.events.correlation.tolist()[0] == 9


def test_a_place_is_counted_in_bytes_not_in_characters(tmp_path):
    damaged = (COPY % (b"4", b"100", b"inf")).replace(b"HtoD", "\u2603".encode() + b"\xff")
    content = document(OPERATOR, damaged)
    not_utf8, no_number = reading(tmp_path, content).doubts
    assert f"at byte {content.index(0xFF)} of the file" in not_utf8
    assert f"at byte {content.index(b'inf')} of the file" in no_number


def test_a_name_without_its_last_quote_does_not_take_the_thread_for_its_end(tmp_path):
    kernel = (FRAME % b"k").replace(b'"k", "pid": 100, "tid": 100', b'"k, "pid": 0, "tid": "7"')
    trace = reading(tmp_path, document(kernel, OPERATOR))
    assert names(trace) == ["aten::mm"]
    assert "left out (1 python_function)" in trace.doubts[0]


def test_an_event_whose_time_is_no_number_is_left_out_and_named(tmp_path):
    timeless = OPERATOR.replace(b"1001.000", b"nan")
    content = document(FRAME % b"f", timeless, OPERATOR)
    trace = reading(tmp_path, content)
    assert names(trace) == ["f", "aten::mm"]
    assert trace.doubts == (
        "1 entry of the list of events cannot be read and is left out (1 cpu_op), at byte "
        f"{content.index(timeless) + 2} of the file (cpu_op): no figure counts it",
    )


@pytest.mark.parametrize(
    "damage",
    [
        (b'"tid": 100', b'tid": 100'),  # a quote is missing
        (b"1001.000", b"1001,000"),  # a comma as the decimal sign
        (b'"External id": 3', b'"External id": 3, "stack": "f("a", "b")"'),
        (b'"cat": "cpu_op"', b'"cat": "cpu_\xffop"'),
        (b'"dur"', b'"d\\Ur"'),
        (b'"cpu_op", "name"', b'"cpu_op" "name"'),
        (b"}\n  }", b"}\n"),
    ],
)
def test_what_has_no_certain_reading_costs_its_own_entry_alone(tmp_path, damage):
    content = document(FRAME % b"f", OPERATOR.replace(*damage), FRAME % b"g")
    trace = reading(tmp_path, content)
    assert names(trace) == ["f", "g"]
    assert "1 entry of the list of events cannot be read and is left out" in trace.doubts[0]
    assert trace.losses == ()


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (b'{"device": "cpu"}\\q', '{"device": "cpu"}\\q'),
        (b'a\\q", "bp": "e', "a\\q"),  # a key of its own follows
        (b'a\\q", "stack": "b', None),  # another may, or it is of the name
        (b'a\\q", "pid": 1, "tid": 2, "name": "b', None),  # no writer repeats a key
        (b'", "pid": 3, "x', None),
    ],
)
def test_a_name_is_mended_only_if_there_is_one_way_to_read_it(name, read_as):
    mended = mend((FRAME % name).strip())
    if read_as is None:
        assert mended is None
    else:
        assert mended.event.name == read_as
        assert mended.faults.keys() == {Fault.UNESCAPED}


def test_threads_with_names_leave_one_reading(tmp_path):
    kernel = FRAME.replace(b'"pid": 100, "tid": 100', b'"pid": 0, "tid": "stream 7"')
    trace = reading(tmp_path, document(kernel % b'void k<"x">()', OPERATOR))
    assert names(trace) == ['void k<"x">()', "aten::mm"]
    assert trace.threads[trace.events.thread[0]] == (0, "stream 7")


def test_one_bad_entry_of_many_in_any_layout_costs_no_other(tmp_path):
    events = [
        {"ph": "X", "cat": "cpu_op", "name": f"op{at}", "pid": 1, "tid": 1, "ts": at, "dur": 1,
         "args": {"Input Dims": [[1, 2], []]}}
        for at in range(3_000)
    ]  # fmt: skip
    whole = json.dumps(events)
    for layout in (whole, whole.replace("}, {", "},\n{"), json.dumps(events, indent=1)):
        damaged = layout.replace("op1234", 'o"p').encode()
        trace = reading(tmp_path, damaged)
        assert len(trace.events) == 3_000
        assert names(trace)[1_234] == 'o"p'
        damaged = layout.replace('"ts": 1234,', '"ts": ,').encode()
        trace = reading(tmp_path, damaged)
        assert trace.events.start_ns.tolist() == [at * 1_000 for at in range(3_000) if at != 1_234]


def test_the_last_entry_may_be_the_damaged_one(tmp_path):
    for head in (HEAD, b"{"):
        trace = reading(tmp_path, document(OPERATOR, FRAME % b'"', head=head))
        assert names(trace) == ["aten::mm", '"']
    trace = reading(tmp_path, document(OPERATOR, OPERATOR.replace(b'"ts"', b"ts")))
    assert (len(trace.events), trace.losses) == (1, ())
    assert "left out (1 cpu_op)" in trace.doubts[0]


def test_a_comma_too_many_costs_nothing(tmp_path):
    trailing = OPERATOR.replace(b'"External id": 3', b'"External id": 3,')
    trace = reading(tmp_path, document(OPERATOR, trailing, b"", FRAME % b"f,}", tail=b"," + TAIL))
    assert names(trace) == ["aten::mm", "aten::mm", "f,}"]
    assert (trace.losses, trace.doubts) == ((), ())


def test_a_file_that_is_damaged_within_may_break_off_too(tmp_path):
    content = document(OPERATOR, FRAME % b'"', COPY % (b"4", b"100", b"inf"), OPERATOR)
    counts = set()
    for length in range(content.index(b'"', content.index(b"function")) + 20, len(content) - 2):
        trace = reading(tmp_path, content[:length])
        assert "breaks off" in trace.losses[0], length
        counts.add(len(trace.events))
    assert counts == {1, 2, 3, 4}
    compressed = gzip.compress(content)
    trace = reading(tmp_path, compressed[:-9], "trace.json.gz")
    assert trace.doubts


def test_a_header_that_cannot_be_read_is_said(tmp_path):
    head = HEAD.replace(b'"rank": 3', b'"rank": ')
    trace = reading(tmp_path, document(OPERATOR, FRAME % b"f", head=head))
    assert (len(trace.events), trace.rank) == (2, None)
    assert "what stands before the list of events cannot be read" in trace.doubts[0]
    head = HEAD.replace(b'"schemaVersion": 1', b'"user": "C:\\me", "loss": nan')
    trace = reading(tmp_path, document(OPERATOR, head=head))
    assert (trace.rank, trace.doubts) == (3, ())


def test_entries_of_another_list_are_none_of_the_events(tmp_path):
    other = b'\n  ],\n  "otherEvents": [\n' + OPERATOR + b",\n" + OPERATOR + b"]}"
    trace = reading(tmp_path, document(FRAME % b'"', FRAME % b"f", tail=other))
    assert names(trace) == ['"', "f"]


def test_many_entries_that_begin_as_none_does_are_refused_not_counted_as_one(tmp_path):
    unknown = OPERATOR.replace(b'"ph"', b'"@": 0, "ph"')
    few = document(OPERATOR, *[unknown] * 100, FRAME % b'"')
    assert len(reading(tmp_path, few).events) == 102
    with pytest.raises(UserError, match=r"not JSON.*byte"):
        reading(tmp_path, document(OPERATOR, *[unknown] * 3_000, FRAME % b'"'))


def test_a_byte_order_mark_is_no_damage(tmp_path):
    trace = reading(tmp_path, b"\xef\xbb\xbf" + document(OPERATOR))
    assert (len(trace.events), trace.doubts) == (1, ())


def test_damage_beside_a_malformed_entry_is_read_too(tmp_path):
    malformed = OPERATOR.replace(b'"X"', b"7")
    trace = reading(tmp_path, document(malformed, FRAME % b"C:\\me", OPERATOR))
    assert (names(trace), trace.num_malformed) == (["C:\\me", "aten::mm"], 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(OPERATOR) + b" trailing", "not JSON.*byte"),
        (document(OPERATOR, FRAME % b'"') + b" trailing", "not JSON.*byte"),
        (document(OPERATOR, FRAME % b'"', tail=b'], "traceEvents": []}'), "not JSON.*byte"),
        (b'{"traceEvents": [{"ph": \xff}]}', "not JSON.*byte 24"),
        (b'{"other": "C:\\me"}', "not JSON.*byte 14"),
    ],
)
def test_what_is_still_no_trace_is_refused_at_its_byte(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        reading(tmp_path, content)


@pytest.mark.parametrize("damage", [b"\xff", b'"', b"\\", b"}", b","])
def test_one_damaged_byte_anywhere_never_makes_another_event(tmp_path, damage):
    content = document(OPERATOR, FRAME % b"f", COPY % (b"4", b"100", b"1.5"), OPERATOR)

    def times(trace):
        events = trace.events
        ends = events.end_ns.tolist()
        return set(zip(events.start_ns.tolist(), ends, events.kind.tolist(), strict=True))

    whole = times(reading(tmp_path, content))
    # What is JSON still may lack a key: then it has no kind. One that lacks a time is left out.
    lacking = {(start, end, Kind.OTHER) for start, end, _ in whole}
    for place in range(len(content)):
        damaged = content[:place] + damage + content[place + 1 :]
        try:
            trace = reading(tmp_path, damaged)
        except UserError:
            continue
        assert times(trace) <= whole | lacking, place
        if not is_json(damaged) and len(trace.events) < 4:
            assert trace.losses or trace.doubts or trace.num_malformed, place


def is_json(content):
    try:
        json.loads(content.decode(errors="replace"), parse_constant=float)
    except ValueError:
        return False
    return True


def test_entries_whose_begins_are_damaged_cost_the_one_before_nothing(tmp_path):
    damaged = FRAME.replace(b'"ph"', b'"p\xff') % b"g"
    for entries in (
        (OPERATOR, damaged, OPERATOR, FRAME % b"h"),
        (damaged, OPERATOR, OPERATOR, FRAME % b"h"),
        (OPERATOR, OPERATOR, FRAME % b"h", damaged),
    ):
        trace = reading(tmp_path, document(*entries))
        assert names(trace) == ["aten::mm", "aten::mm", "h"]
        assert "left out (1 python_function)" in trace.doubts[0]


def test_damage_within_a_compressed_file_has_a_remedy(tmp_path):
    compressed = bytearray(gzip.compress(document(OPERATOR)))
    compressed[-8] ^= 0xFF  # of the check sum
    with pytest.raises(UserError, match="CRC check failed") as caught:
        reading(tmp_path, bytes(compressed), "trace.json.gz")
    assert "copy the file again" in caught.value.hint
    assert "gzip -t" in caught.value.hint


ONE_GPU = b'{\n  "deviceProperties": [{"id": 0, "name": "NVIDIA H100", "computeMajor": 9}],\n'


def test_a_file_without_ranks_keeps_its_devices_beside_a_damaged_entry(tmp_path):
    trace = reading(tmp_path, document(OPERATOR.replace(b'"X"', b"7"), OPERATOR, head=ONE_GPU))
    assert (trace.num_malformed, trace.device_names, trace.compute_major) == (
        1,
        ("NVIDIA H100",),
        9,
    )
    assert trace.doubts == ()


@pytest.mark.parametrize(
    ("damaged", "named", "said"),
    [
        (ONE_GPU.replace(b"H100", b"H\xff"), ("NVIDIA H\\xff",), 0),
        (ONE_GPU.replace(b'"NVIDIA H100"', b'["NVIDIA H100"]'), ("",), 1),
        (
            ONE_GPU.replace(b"[{", b'[{"name": "A100"}, {').replace(b'"NVIDIA H100"', b"3"),
            ("A100", ""),
            1,
        ),
        (ONE_GPU.replace(b"9", b"{}"), ("NVIDIA H100",), 1),
        (ONE_GPU.replace(b"[{", b"{").replace(b"}]", b"}"), ("",), 1),
        (ONE_GPU.replace(b"  ", b'  "user": nothing, ', 1), ("NVIDIA H100",), 1),
        (ONE_GPU.replace(b'"id": 0', b'"id": '), ("",), 2),
        (ONE_GPU.replace(b"{\n", b'{\n "distributedInfo": 7,', 1), ("NVIDIA H100",), 1),
    ],
)
def test_a_device_that_the_header_lists_is_one_however_damaged(tmp_path, damaged, named, said):
    """A recording of the host alone then does not seem to be one of a machine without a device."""
    trace = reading(tmp_path, document(OPERATOR, head=damaged))
    assert (trace.device_names, len(trace.doubts)) == (named, said)
    analysis = analyze(trace)
    assert analysis.breakdown is None
    assert any("the device was not recorded: the file lists" in said for said in analysis.remarks)


def test_ranks_are_read_whatever_the_devices_are_and_before_or_after_the_events(tmp_path):
    head = HEAD + ONE_GPU[1:].replace(b'"NVIDIA H100"', b"3")
    trace = reading(tmp_path, document(OPERATOR, FRAME % b'"', head=head))
    assert (trace.rank, trace.world_size, trace.device_names) == (3, 8, ("",))
    tail = TAIL.replace(b'"traceName"', HEAD[1:].strip() + b'"traceName"')
    trace = reading(tmp_path, document(OPERATOR, FRAME % b'"', head=ONE_GPU, tail=tail))
    assert (trace.rank, trace.world_size, trace.device_names) == (3, 8, ("NVIDIA H100",))


def test_one_damaged_field_of_the_header_costs_no_other(tmp_path):
    head = HEAD.replace(b'"rank": 3', b'"rank": 3, "backend": ["nccl"]')
    trace = reading(tmp_path, document(OPERATOR, head=head))
    assert (trace.rank, trace.world_size, trace.backend) == (3, 8, None)
    assert trace.doubts == ("what the file's distributedInfo tells of ranks cannot all be read",)


def test_a_damaged_header_of_a_file_that_breaks_off_is_read_likewise(tmp_path):
    head = ONE_GPU.replace(b"H100", b"H\xff")
    trace = reading(tmp_path, document(OPERATOR, OPERATOR, head=head)[: -len(TAIL) - 20])
    assert (len(trace.events), trace.device_names) == (1, ("NVIDIA H\\xff",))
    assert "breaks off" in trace.losses[0]
    wrong = ONE_GPU.replace(b'"NVIDIA H100"', b"3")
    trace = reading(tmp_path, document(OPERATOR, OPERATOR, head=wrong)[: -len(TAIL) - 20])
    assert (len(trace.events), trace.compute_major) == (1, 9)

"""A document cut into slices gives what it gives whole, or is not cut."""

import itertools
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annt_prof.testing import TraceBuilder
from annt_prof.trace.document import Document, Event
from annt_prof.trace.slices import NotSliceableError, begin, remainder

TRICKY = st.sampled_from(['"', "}", "},", "\n", "{", "]", "\\", '"traceEvents":[', "},\n{", "é"])
TEXTS = st.lists(TRICKY, max_size=6).map("".join)
JSON = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"ph": st.sampled_from("Xsi"), "ts": st.integers(0, 10**15)},
        optional={"name": TEXTS, "args": st.dictionaries(TEXTS, JSON, max_size=3), "tail": JSON},
    ),
    max_size=12,
)
LAYOUTS = [
    {},  # what json.dump writes, in one line
    {"indent": 0},
    {"indent": 2},
    {"separators": (",", ":")},
    {"separators": (" ,\t ", "\r\n: ")},
]


def documents(chunks, slice_bytes):
    """Return a document in slices, as the reader takes them."""
    opening = begin(chunks)
    following = itertools.chain((opening.rest,), chunks)
    return [opening.document, *remainder(opening.head, following, slice_bytes)]


def in_chunks(text, size):
    return iter([text[at : at + size] for at in range(0, len(text), size)])


def sliced(text, slice_bytes=1, chunk=7):
    """Return the events and the rank that the slices hold, and how many slices there were."""
    found = documents(in_chunks(text, chunk), slice_bytes)
    events = [event for each in found for event in each.traceEvents or ()]
    ranks = [each.distributedInfo.rank for each in found if each.distributedInfo]
    return events, ranks, len(found)


@given(
    EVENTS,
    st.dictionaries(TEXTS, JSON, max_size=3),
    st.sampled_from(LAYOUTS),
    st.integers(1, 60),
    st.booleans(),
)
def test_slices_hold_the_events_of_the_whole(events, more, layout, slice_bytes, after):
    head = {"distributedInfo": {"rank": 3}}
    body = {"traceEvents": events}
    document = more | body | head if after else head | body | more
    text = json.dumps(document, **layout).encode()
    whole = msgspec.json.decode(text, type=Document)
    found, ranks, _ = sliced(text, slice_bytes)
    assert found == whole.traceEvents
    assert ranks == [3]


@given(EVENTS, st.sampled_from(LAYOUTS), st.integers(1, 60))
def test_so_do_slices_of_a_bare_list(events, layout, slice_bytes):
    text = json.dumps(events, **layout).encode()
    found, _, _ = sliced(text, slice_bytes)
    assert found == whole_list(text)


OTHERS = st.one_of(
    st.tuples(st.just('"traceEvents"') | st.just('"trace\\u0045vents"'), EVENTS),
    st.tuples(st.just('"distributedInfo"'), st.just(None) | st.just({"rank": 3})),
    st.tuples(st.just('"deviceProperties"'), st.lists(st.just({"name": "H100"}), max_size=2)),
    st.tuples(
        TEXTS.map(json.dumps), JSON | EVENTS | st.fixed_dictionaries({"traceEvents": EVENTS})
    ),
)


@st.composite
def texts(draw):
    """A document with any other keys before and after, maybe some of them twice."""
    layout = draw(st.sampled_from(LAYOUTS))
    key = draw(st.sampled_from(['"traceEvents"', '"traceEvents"', '"no\\"traceEvents"']))
    members = [*draw(st.lists(OTHERS, max_size=1)), (key, draw(EVENTS))]
    members += draw(st.lists(OTHERS, max_size=2))
    return ",\n".join(f"{name}: {json.dumps(value, **layout)}" for name, value in members)


def held(found):
    """Return what the reader keeps of a document in slices."""
    head = Document(traceEvents=[event for each in found for event in each.traceEvents or ()])
    for each in found:
        head.distributedInfo = each.distributedInfo or head.distributedInfo
        head.deviceProperties = each.deviceProperties or head.deviceProperties
    return head


@settings(max_examples=500)
@given(texts(), st.integers(20, 400))
def test_any_document_in_slices_is_what_it_is_whole_or_is_refused(text, slice_bytes):
    text = f"{{{text}}}".encode()
    try:
        found = documents(in_chunks(text, 7), slice_bytes)
    except NotSliceableError:
        return
    assert held(found) == msgspec.json.decode(text, type=Document)


@given(texts() | EVENTS.map(json.dumps), st.integers(20, 400), st.data())
def test_so_is_a_damaged_one(text, slice_bytes, data):
    text = text if text.startswith("[") else f"{{{text}}}"
    at = data.draw(st.integers(0, len(text)))
    text = (text[:at] + data.draw(TRICKY) + text[at + data.draw(st.integers(0, 2)) :]).encode()
    try:
        found = documents(in_chunks(text, 7), slice_bytes)
    except NotSliceableError:
        return
    is_list = text.lstrip().startswith(b"[")
    whole = msgspec.json.decode(text, type=list[Event] if is_list else Document)
    assert held(found) == (Document(traceEvents=whole) if is_list else whole)


def whole_list(text):
    return msgspec.json.decode(b'{"traceEvents":' + text + b"}", type=Document).traceEvents


def kineto_text(num_kernels=50):
    builder = TraceBuilder(world_size=2).step(0, 10_000)
    for number in range(num_kernels):
        builder.kernel(f"k{number}", number * 100, number * 100 + 50, launch_ns=number)
    return builder.json().encode()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_kineto_writes_is_cut_in_any_layout(layout):
    """Else the tests above could pass without a single slice."""
    text = json.dumps(json.loads(kineto_text()), **layout).encode()
    events, ranks, num_slices = sliced(text, slice_bytes=400)
    assert num_slices > 20
    assert events == msgspec.json.decode(text, type=Document).traceEvents
    assert ranks == [0]


def objects(number, **fields):
    return [{"name": f"k{at}", "ph": "X", **fields} for at in range(number)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "events",
    [
        objects(40, args={"stack": objects(3)}),  # with the same first key as the events
        objects(40, args={"source": '}, {"name": "x"}, {"ph": "X"}'}),
        [{**event, "args": {"path": "C:\\"}} for event in objects(40)],
        [{"ph": "X", "args": {"deep": [[{"ph": "X"}, {"ph": "X"}]] * 5}} for _ in range(40)],
        [*objects(20), {}, {}, *objects(20)],  # objects without a key
        [*objects(5), *objects(1, args={"long": "x" * 5_000}), *objects(200)],
        [{"ts": 1, "ph": "X"}, {"ph": "X", "ts": 2}] * 20,  # no first key that all have
    ],
)
def test_what_looks_like_the_place_between_two_events_is_not_taken_for_it(events, layout):
    document = {"traceEvents": events, "others": objects(30), "distributedInfo": {"rank": 5}}
    text = json.dumps(document, **layout).encode()
    held_events, ranks, num_slices = sliced(text, slice_bytes=300)
    assert held_events == msgspec.json.decode(text, type=Document).traceEvents
    assert ranks == [5]
    assert num_slices >= 5


def test_events_may_stand_behind_much_else():
    text = json.dumps(
        {
            "note": 'of "traceEvents": [{}, {}]',
            "nested": {"traceEvents": objects(3)},
            "others": objects(100_000),
            "traceEvents": objects(50),
        }
    ).encode()
    in_one_chunk, _, _ = sliced(text, slice_bytes=300, chunk=len(text))
    assert len(in_one_chunk) == 50
    in_many, _, num_slices = sliced(text, slice_bytes=300, chunk=2**8)
    assert in_many == in_one_chunk
    assert num_slices >= 5


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nothing of the kind",
        b'{"traceEvents": [{"ph": "X"},\n{"ph": ',
        b'{"nested": {"traceEvents": [{"ph": "X"}]}}',
        b'{"traceEvents": [{"ph": "X", "args": {"x": [{},\n{}]}},\n{"ph": 3}]}',
        b'{"traceEvents": [{"ph": "X"}, , {"ph": "X"}]}',
        b'{"traceEvents": [, {"ph": "X"}, {"ph": "X"}]}',
        b'{"traceEvents": [{"ph": "X"}, {"ph": "X"},]}',
        b'{"traceEvents": [{"ph": "X"} {"ph": "X"}, {"ph": "X"}]}',
        b'{"traceEvents": [{"ph": "X", "name": "\xff"},\n{}]}',
        b'{"traceEvents": [{"ph": "X"},\n{}], "traceEvents": [{"ph": "X"},\n{}]}',
        b'{"traceEvents": [{"ph": "X"}], "trace\\u0045vents": []}',
        b'{"trace\\u0045vents": [], "not\\"traceEvents": [{"ph": "X"}]}',
        b'{"distributedInfo": {"rank": 3}, "traceEvents": [], "distributedInfo": null}',
        b'[{"ph": "X"},\n{}], "distributedInfo": {"rank": 3}',
        b'\x0c[{"ph": "X"}]',
    ],
)
def test_what_cannot_be_cut_safely_is_refused(text):
    with pytest.raises(NotSliceableError):
        sliced(text, slice_bytes=1, chunk=20)

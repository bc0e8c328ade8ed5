import json

import pytest

from annt_prof.trace.cuts import Cut, exact_cut, first_key, likely_cut

TWO = b'{"ph": "X", "args": {"a": [1, {}]}} , {"ph": "s"}'
BETWEEN = Cut(TWO.index(b" , ") + 1, TWO.index(b" , ") + 2)


@pytest.mark.parametrize(
    ("text", "key"),
    [(b' {"ph": 1', b'"ph"'), (b'{\n\t"a\\"b" : 1', b'"a\\"b"'), (b"{}", None), (b'"ph": 1', None)],
)
def test_first_key(text, key):
    assert first_key(text) == key


def test_a_likely_cut_is_before_the_last_object_with_the_key():
    assert likely_cut(bytearray(TWO + b', {"name": "ph"}'), b'"ph"') == BETWEEN


@pytest.mark.parametrize(
    "text",
    [
        rb'{"ph": "}, {\"ph\": 1"}',  # within a string
        b'{"args": ["ph", {"ph": 1}]}',
        b'{"a": {}, "ph": 1}',
        b'{"a": "ph", "b": {"ph": 1}}',
        b'[], {"ph": 1}',
    ],
)
def test_no_other_place_is_likely(text):
    assert likely_cut(bytearray(text), b'"ph"') is None


@pytest.mark.parametrize(
    "last",
    [
        "",
        '{"a": "}, {"}',
        '{"a": [{}, {}]}',
        r'{"a": "\\", "b": [{}, {}]}',
        r'{"a": "\"}, {\"", "b": {}}',
        r'{"a": "\\\"}, {", "b": 1}',
        '{"a": 1}], "b": [{}, {}',
    ],
)
def test_the_exact_cut_is_the_last_one_between_two_objects_of_the_list(last):
    text = bytearray(TWO + b", " + last.encode() if last else TWO)
    places = exact_cut(text)
    assert places.closed == ("]," in last and last.startswith('{"a": 1}]'))
    if last:
        comma = len(TWO)
        assert places.last == Cut(comma, comma + 1)
    else:
        assert places.last == BETWEEN


@pytest.mark.parametrize("text", ["", "{}", '{"a": [{}, {}]}', '{"a": [{}, {', "1, {}", "{}, 1"])
def test_elsewhere_there_is_no_exact_cut(text):
    assert exact_cut(bytearray(text.encode())) == (None, False)


def test_an_exact_cut_leaves_whole_lists_on_both_sides():
    objects = [{"a": ["{", "}, {", {"b": '\\"'}]}, {}, {"c": {"d": []}}, {"e": "]"}]
    text = json.dumps(objects)[1:-1].encode()
    end, start = exact_cut(bytearray(text)).last
    assert json.loads(b"[%s]" % text[:end]) + json.loads(b"[%s]" % text[start:]) == objects

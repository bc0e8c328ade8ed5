"""YAML 1.2 text to a tree with places."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from annt_prof.scenario.source import MAX_VALUES, parse
from annt_prof.scenario.tree import Mark


def plain(text):
    node, problems = parse(text)
    assert problems == []
    return node.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.5e3", 1500.0),
        ("-.5", -0.5),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("012", 12),
        ("0x1F", 31),
        ("0o17", 15),
        ("-3", -3),
        ("1_000", 1000),
        ("12:30:45", "12:30:45"),
        ("2001-12-14", "2001-12-14"),
        ("'1'", "1"),
        ("~", None),
        ("", None),
        ("null", None),
        ("!!str 5", "5"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("[1, [2]]", [1, [2]]),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    found = plain(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_places_of_keys_and_values_count_from_one():
    node, _ = parse("a: 1\nwindow:\n  rounds:  30\n  list: [x, y]\n")
    rounds = node.find(("window", "rounds"))
    assert rounds.origin.key == Mark(3, 3)
    assert rounds.origin.value == Mark(3, 12)
    assert node.find(("window", "list", 1)).origin.value == Mark(4, 13)


def test_the_place_of_an_empty_value_is_its_key():
    node, _ = parse("a:\n\n\nb: 1\n")
    assert node.find(("a",)).origin.value == Mark(1, 1)


def test_aliases_and_merge_keys_are_followed():
    text = """
fast: &fast {rounds: 3, warmup: 1}
slow: &slow {rounds: 9, switch_in: 4}
alias: *fast
merged: {<<: *fast, warmup: 2}
both: {<<: [*fast, *slow]}
"""
    value = plain(text)
    assert value["alias"] == {"rounds": 3, "warmup": 1}
    assert value["merged"] == {"rounds": 3, "warmup": 2}
    assert value["both"] == {"rounds": 3, "warmup": 1, "switch_in": 4}


def test_nothing_to_read_is_no_problem_here():
    assert parse("") == (None, [])
    assert parse("# only a comment\n") == (None, [])


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("a: [1\nb: 2", "not YAML: expected ',' or ']'", 2, 2),
        ("a: b: c", "mapping values are not allowed here", 1, 5),
        ("a: 'x", "unexpected end of stream", 1, 6),
        ("a: *q", "undefined alias", 1, 4),
        ("a: 1\n---\nb: 2", "another document", 2, 1),
        ("a: 1\nb: \x1b", "unacceptable character", 2, 4),
        ("a:\n\tb: 1", "cannot start any token", 2, 1),
        ("a: 1\na: 2", "duplicate key; it is also on line 1", 2, 1),
        ("a: {b: 1, b: 2}", "duplicate key; it is also on line 1", 1, 11),
        ("a: !foo x", "tag !foo is not supported", 1, 4),
        ("a: !!binary x", "is not supported", 1, 4),
        ("a: .nan", "not a finite number", 1, 4),
        ("a: 1e999", "not a finite number", 1, 4),
        ("a: 99999999999999999999", "64 bits", 1, 4),
        ("a: " + "9" * 5000, "64 bits", 1, 4),
        ("a: !!int x", "x is not an integer", 1, 4),
        ("a: !!float x", "not a finite number", 1, 4),
        ('a: "\\ud800"', "half of a surrogate pair", 1, 4),
        ('"\\ud800": 1', "half of a surrogate pair", 1, 1),
        ("1: a", "a key must be a string", 1, 1),
        ("? [a]\n: b", "a key must be a string", 1, 3),
        ("a: &x {b: *x}", "an alias that contains itself", 1, 4),
        ("a: {<<: 3}", "<< must name a mapping", 1, 9),
    ],
)
def test_mistakes_have_a_place(text, words, line, column):
    _, problems = parse(text)
    assert len(problems) == 1
    assert words in problems[0].message
    assert problems[0].mark == Mark(line, column)


def test_every_mistake_is_found_at_once():
    _, problems = parse("a: .inf\nb: 1\nb: 2\nc: !x y\n")
    assert [problem.mark.line for problem in problems] == [1, 3, 4]


def test_aliases_cannot_grow_without_bound():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    _, problems = parse("\n".join(lines))
    assert [problem.message for problem in problems] == [f"more than {MAX_VALUES} values"]


def test_deep_nesting_is_an_error_and_no_crash():
    _, problems = parse("[" * 50_000)
    assert len(problems) == 1


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=10)
trees = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), trees, min_size=1, max_size=4))
def test_json_reads_as_what_it_says(value):
    assert plain(json.dumps(value)) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_can_be_stored(text):
    node, problems = parse(text)
    if node is not None and not problems:
        json.dumps(node.plain(), ensure_ascii=False, allow_nan=False).encode()


def test_agrees_with_ruamel_on_a_shipped_style():
    text = "a: {b: 1e-3, c: [x, 'y: z', 3.0]}\nd: |\n  two\n  lines\ne: >-\n  folded\n  text\n"
    assert plain(text) == YAML(typ="safe", pure=True).load(text)

"""Merging and assigning: who wins, and whose origin is kept."""

from hypothesis import given
from hypothesis import strategies as st

from annt_prof.scenario.tree import Mark, Node, Origin, assign, merge

keys = st.sampled_from("abc")
leaves = st.integers(0, 9) | st.none() | st.lists(st.integers(0, 9), max_size=2)
mappings = st.recursive(
    st.dictionaries(keys, leaves, max_size=3),
    lambda inner: st.dictionaries(keys, leaves | inner, max_size=3),
    max_leaves=8,
)


def tree(value, origin):
    if isinstance(value, dict):
        return Node({key: tree(child, origin) for key, child in value.items()}, origin)
    if isinstance(value, list):
        return Node([tree(child, origin) for child in value], origin)
    return Node(value, origin)


FILE = Origin(key=Mark(1, 1), value=Mark(1, 4))
OVERLAY = Origin(key=Mark(9, 1), value=Mark(9, 4), overlay=True)
SET = Origin(outside="--set x=1")


def leaf_paths(value, path=()):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaf_paths(child, (*path, key))
    else:
        yield path


def at(value, path):
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


@given(mappings, mappings)
def test_every_leaf_of_the_upper_tree_wins(below, above):
    merged = merge(tree(below, FILE), tree(above, OVERLAY))
    for path in leaf_paths(above):
        assert merged.find(path).plain() == at(above, path)
        assert merged.find(path).origin is OVERLAY


@given(mappings, mappings)
def test_a_lower_leaf_stays_unless_something_above_takes_its_place(below, above):
    merged = merge(tree(below, FILE), tree(above, OVERLAY))
    for path in leaf_paths(below):
        on_the_way = [at(above, path[:end]) for end in range(1, len(path) + 1)]
        untouched = all(isinstance(v, dict) for v in on_the_way[:-1] if v is not None)
        if at(above, path) is None and untouched and not _given(above, path):
            assert merged.find(path).plain() == at(below, path)
            assert merged.find(path).origin is FILE


def _given(value, path):
    """Whether the path, or a leaf on the way to it, is in the value."""
    for key in path:
        if not isinstance(value, dict):
            return True
        if key not in value:
            return False
        value = value[key]
    return True


@given(mappings)
def test_merging_nothing_changes_nothing(value):
    root = tree(value, FILE)
    assert merge(root, Node({}, OVERLAY)) == root
    assert merge(Node({}, FILE), root).plain() == value


@given(mappings, st.lists(keys, min_size=1, max_size=4), leaves | mappings)
def test_an_assignment_replaces_the_place_and_nothing_else(value, path, new):
    root = tree(value, FILE)
    after = assign(root, path, tree(new, SET))
    assert after.find(tuple(path)).plain() == new
    for other in leaf_paths(value):
        shared = min(len(other), len(path))
        if other[:shared] != tuple(path[:shared]):
            assert after.find(other) == root.find(other)


def test_new_keys_follow_in_order():
    below, above = tree({"b": 1, "a": 2}, FILE), tree({"c": 3, "b": 4}, OVERLAY)
    assert list(merge(below, above).value) == ["b", "a", "c"]


def test_deepest_ends_where_the_path_does():
    root = tree({"a": {"b": [1, 2]}}, FILE)
    assert root.deepest(("a", "b", 1, "x")).value == 2
    assert root.deepest(("a", "nope")).plain() == {"b": [1, 2]}
    assert root.find(("a", "b", 7)) is None


def test_an_overlay_is_marked_throughout():
    marked = tree({"a": {"b": [1]}}, FILE).as_overlay()
    for path in ((), ("a",), ("a", "b"), ("a", "b", 0)):
        assert marked.find(path).origin.overlay

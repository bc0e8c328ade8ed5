"""Short kernel names stay different from each other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read
from annt_prof.views.kernel_names import shorten

TRACES = Path(__file__).parents[4] / "shared" / "traces"


def test_what_does_not_tell_kernels_apart_goes():
    long = "void at::native::(anonymous namespace)::fill<float>(int, at::Tensor)"
    assert shorten([long, "gemm"], 40) == {long: "fill<float>", "gemm": "gemm"}


def test_what_tells_them_apart_stays():
    names = [
        f"void at::native::vectorized_elementwise_kernel<4, at::native::{what}<float>, "
        "std::array<char*, 3ul> >(int)"
        for what in ("CUDAFunctor_add", "MulFunctor", "AddFunctor")
    ]
    found = shorten(names, 44)
    assert len(set(found.values())) == 3
    for name, what in zip(names, ("CUDAFunctor", "MulFunctor", "AddFunctor"), strict=True):
        assert what in found[name]
        assert len(found[name]) <= 44


def test_names_that_differ_in_their_parameters_alone_keep_them():
    found = shorten(["copy(int)", "copy(float)"], 40)
    assert found == {"copy(int)": "copy(int)", "copy(float)": "copy(float)"}


def test_where_they_begin_to_differ_is_shown_between_dots():
    beginning, end = f"prefix_of_a_long_name_{'x' * 20}_", "y" * 40
    assert list(shorten([f"{beginning}first_{end}", f"{beginning}second_{end}"], 40).values()) == [
        "prefix_of_a...first_yyyyyyyyyyyyyyyyy...",
        "prefix_of_a...second_yyyyyyyyyyyyyyyy...",
    ]


def test_there_are_no_dots_behind_the_end():
    assert list(shorten(["a" * 40, "a" * 41], 30).values()) == [
        "aaaaaaaaaa...aaaa",
        "aaaaaaaaaa...aaaaa",
    ]


def test_names_that_came_out_like_those_of_another_group_are_told_apart_in_their_turn():
    # The first pair differs at 24, the second at 30; cut there, one of each looks alike.
    names = [
        "a" * 24,
        "a" * 29,
        "a" * 9 + "b" * 9 + "a" * 12 + "b" * 9 + "a" * 9,
        "a" * 9 + "b" * 9 + "a" * 30,
    ]
    assert list(shorten(names, 20).values()) == [
        "aaaaaa...aaaa",
        "aaaaaaaaaaaaaa...",  # what is kept follows the beginning: nothing between them
        "aaaaaa...aaaabbbb...",
        "aaaaaaaaabbbbb...",
    ]


def test_what_no_cut_tells_apart_is_numbered_from_one():
    names = ["b" * 15 + "a" * 16, "b" * 27 + "a" * 18, "b" * 11 + "a" * 10]
    assert list(shorten(names, 20).values()) == [
        "bbbbbb...bbbbbbbb.#1",
        "bbbbbb...bbbbbbbb.#2",
        "bbbbbb...bbbbaaaa...",
    ]


@given(
    st.lists(st.text("ab<>():, ", min_size=1, max_size=60), unique=True, max_size=8),
    st.integers(20, 40),
)
def test_no_two_are_ever_alike(names, most):
    found = shorten(names, most)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(len(text) <= most for text in found.values())


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.json.gz")), ids=lambda path: path.name)
def test_recorded_names_are_short_and_different(path):
    trace = read(path)
    kernels = trace.events.name[trace.events.of_kind(Kind.KERNEL)]
    names = sorted({trace.names[name] for name in kernels})
    for most in (32, 56):
        found = shorten(names, most)
        assert len(set(found.values())) == len(names)
        assert all(len(text) <= most for text in found.values())

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

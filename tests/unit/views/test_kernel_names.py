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


DISPATCH = "void deep_ep::internode::dispatch<false, 8, false, 8>(int4*, float*)"
COMBINE = "void deep_ep::internode::combine<false, 8, __nv_bfloat16, 8>(int4*)"


@pytest.mark.parametrize(
    ("name", "at_30", "at_56"),
    [
        (DISPATCH, "internode::dispatch", "internode::dispatch<false, 8, false, 8>"),
        (COMBINE, "internode::combine", "internode::combine<false, 8, __nv_bfloat16, 8>"),
        (  # what it is given to do, before words of its own
            "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
            "std::array<char*, 3ul> >(int, at::native::CUDAFunctor_add<float>)",
            "vectorized...<CUDAFunctor_add>",
            "vectorized_elementwise_kernel<CUDAFunctor_add>",
        ),
        (
            "void at::native::vectorized_elementwise_kernel<4, at::native::neg_kernel_cuda("
            "at::TensorIteratorBase&)::{lambda()#2}::operator()() const::{lambda(float)#1}>(int)",
            "vectorized...<neg_kernel_cuda>",
            "vectorized_elementwise_kernel<4, neg_kernel_cuda(float)>",
        ),
        (  # which says more than for what it is
            "void at::native::vectorized_elementwise_kernel<4, at::native::"
            "bfloat16tofloat32_copy_kernel_cuda(at::TensorIteratorBase&)>",
            "bfloat16tofloat32_copy",
            "vectorized...<bfloat16tofloat32_copy_kernel_cuda>",
        ),
        (  # what is wrapped
            "void cutlass::Kernel2<cutlass_80_simt_sgemm_64x64_8x5_nn_align1>"
            "(cutlass_80_simt_sgemm_64x64_8x5_nn_align1::Params)",
            "cutlass_80_simt...nn_align1",
            "cutlass_80_simt_sgemm_64x64_8x5_nn_align1",
        ),
        (
            "void cutlass::device_kernel<flash::enable_sm90_or_later<flash::FlashAttnFwdSm90<"
            "flash::CollectiveMainloopFwdSm90<2, cute::tuple<cute::C<1> >, cutlass::bfloat16_t> > "
            "> >(flash::Params)",
            "FlashAttnFwdSm90",
            "FlashAttnFwdSm90<CollectiveMainloopFwdSm90<tuple<C>>>",
        ),
        (  # a return type is not a name
            "std::enable_if<!(false), void>::type internal::gemvx::kernel<int, float>(int)",
            "gemvx::kernel<int, float>",
            "gemvx::kernel<int, float>",
        ),
        (  # ROCm's
            "_ZN2at6native13reduce_kernelILi128ELi4ENS0_8ReduceOpIfNS0_14func_wrapper_tIfZNS0_11"
            "sum_functorIfffEclERNS_14TensorIteratorEEUlffE_EEjfLi4ELi4EEEEEvT1_",
            "reduce_kernel<sum_functor>",
            "reduce_kernel<ReduceOp<func_wrapper_t<sum_functor>>>",
        ),
        (
            "flash_fwd_splitkv_mla_combine_kernel",
            "flash_fwd_splitkv_mla_combine",
            "flash_fwd_splitkv_mla_combine_kernel",
        ),
        (
            "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
            "ncclDevKernel_AllReduce...LL",
            "ncclDevKernel_AllReduce_Sum_f32_RING_LL",
        ),
        ("Memcpy HtoD (Pinned -> Device)", "Memcpy HtoD", "Memcpy HtoD"),
    ],
)
def test_the_functions_own_name_with_what_there_is_room_for(name, at_30, at_56):
    assert shorten([name], 30) == {name: at_30}
    assert shorten([name], 56) == {name: at_56}


def test_copies_of_one_direction_are_told_apart_by_their_memories():
    names = [
        "Memcpy HtoD (Pinned -> Device)",
        "Memcpy HtoD (Pageable -> Device)",
        "Memset (Device)",
    ]
    assert list(shorten(names, 40).values()) == [*names[:2], "Memset"]


def test_a_form_with_more_tells_apart_what_a_shorter_one_does_not():
    template = "void ns::some_long_name_of_a_kernel<{}, other::Traits<int>, other::Policy<4> >(int)"
    names = [template.format(element) for element in ("float", "c10::Half")]
    assert list(shorten(names, 60).values()) == [
        "some_long_name_of_a_kernel<float, Traits<int>, Policy<4>>",
        "some_long_name_of_a_kernel<Half, Traits<int>, Policy<4>>",
    ]
    assert list(shorten(names, 50).values()) == [
        "some_long_name...float, Traits<int>, Policy<4>>",
        "some_long_name...Half, Traits<int>, Policy<4>>",
    ]

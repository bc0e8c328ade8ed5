"""Names are taken apart as C++ writes them, and nothing makes that fail or take long."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annt_prof.analysis.classes.function_name import LONGEST_NAME, FunctionName, read_name
from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.analysis.classes.mangled_name import demangled
from annt_prof.categories import KernelClass


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("volta_sgemm_128x32_nt", FunctionName((), "volta_sgemm_128x32_nt")),
        (
            "void at::native::(anonymous namespace)::fill<float, 4>(int, at::Tensor)",
            FunctionName(("at", "native"), "fill", ("float", "4"), "", "(int, at::Tensor)"),
        ),
        (
            "std::enable_if<!(4 > 3), void>::type ns::kern<int>(int)",
            FunctionName(("ns",), "kern", ("int",), "", "(int)"),
        ),
        (
            "void act_and_mul_kernel<__nv_bfloat16, &(silu(float const&))>(int)",
            FunctionName(
                (), "act_and_mul_kernel", ("__nv_bfloat16", "&(silu(float const&))"), "", "(int)"
            ),
        ),
        (  # as Nsight Systems writes it
            "void at::native::<unnamed>::foo<(int)4, at::X<(bool)0>>(T1 *, const T2 &)",
            FunctionName(
                ("at", "native"), "foo", ("(int)4", "at::X<(bool)0>"), "", "(T1 *, const T2 &)"
            ),
        ),
        (  # a lambda in a function
            "ns::clamp(at::Scalar)::{lambda()#1}::operator()() const::{lambda(float)#1}",
            FunctionName(
                ("ns",),
                "clamp",
                (),
                "::{lambda()#1}::operator()() const::{lambda(float)#1}",
                "(at::Scalar)",
            ),
        ),
        (
            "ns::clamp(at::Scalar &)::[lambda() (instance 3)]::operator ()() const",
            FunctionName(
                ("ns",),
                "clamp",
                (),
                "::[lambda() (instance 3)]::operator ()() const",
                "(at::Scalar &)",
            ),
        ),
        (  # an operator's name is its class's
            "at::sum_functor<float>::operator()(int)::{lambda(float)#1}",
            FunctionName(
                ("at",), "sum_functor", ("float",), "::{lambda(float)#1}", "(int)"
            ),
        ),
        (
            "void vllm::rms_norm_kernel<c10::Half>(int) [clone .kd]",
            FunctionName(("vllm",), "rms_norm_kernel", ("c10::Half",), "", "(int)"),
        ),
        ("Memcpy HtoD (Pinned -> Device)", FunctionName((), "Memcpy HtoD (Pinned -> Device)")),
        ("a::b<c<d, e>, (f)1", FunctionName(("a",), "b", ("c<d, e>", "(f)1"))),  # breaks off
        ("_ZN5aiter24bf16gemm_bf16_tn_256x256E.kd",
         FunctionName(("aiter",), "bf16gemm_bf16_tn_256x256")),
        ("typeinfo name for at::native::xpu::Add<float>",
         FunctionName(("at", "native", "xpu"), "Add", ("float",))),
        ("", FunctionName((), "")),
    ],
)  # fmt: skip
def test_parts_of_a_name(name, expected):
    assert read_name(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_ZN3hip12vector_add_1Ev", "hip::vector_add_1()"),
        ("_Z6kernelIiEvv", "kernel<int>()"),
        (
            "_ZN2at6native29vectorized_elementwise_kernelILi4ENS0_15CUDAFunctor_addIfEENS_6detail5"
            "ArrayIPcLi3EEEEEviT0_T1_",
            "at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
            "at::detail::Array<char*, 3>>(int, at::native::CUDAFunctor_add<float>, "
            "at::detail::Array<char*, 3>)",
        ),
        (
            "_ZN12_GLOBAL__N_120softmax_warp_forwardIffLi10ELb1ELb0EEEvPT0_PKT_iiiPKbib",
            "(anonymous namespace)::softmax_warp_forward<float, float, 10, true, false>"
            "(float*, float const*, int, int, int, bool const*, int, bool)",
        ),
        (
            "_ZZN2at6native21threshold_kernel_implEvENKUlffE_clEff",
            "at::native::threshold_kernel_impl()::{lambda(float, float)#1}::operator()"
            "(float, float)",
        ),
        ("_ZN1aC1Ev", "a::a()"),
        ("_ZN1a1bERKNS_1cES2_", "a::b(a::c const&, a::c const&)"),  # a function is not counted
        ("_Z1fSt6vectorIiSaIiEE", "f(std::vector<int, std::allocator<int>>)"),
        ("_Z1fPFivERA4_KfM1ai", "f(int ()*, float const [4]&, int a::*)"),
        ("_Z1fIJifEEvDpT_", "f<int, float>(int, float)"),
        ("_Z1fILln3ELj2ELm5EEvDhDF16b", "f<-3l, 2u, 5ul>(half, __bf16)"),
        # What is not read (an expression) ends the name before it.
        ("_ZN1a1bIiXgtLi1ELi2EEEEvv", "a::b<int>"),
        ("_ZN7ck_tile6kentryILi1ENS_16MoeSortingKernelINS_16MoeSortingProblemEEEEEvNT0_5KargsE",
         "ck_tile::kentry<1>"),
        ("_ZN2ck40kernel_gemm_xdl", "ck::kernel_gemm_xdl"),  # breaks off
        ("_Z", None),
        ("_Z9999f", "f"),
    ],
)  # fmt: skip
def test_mangled_names_are_written_out(name, expected):
    assert demangled(name) == expected


def repeated(levels):
    """A name of a few hundred characters that stands for 2 ** levels."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def earlier(number):
        if not number:
            return "S_"
        high, low = divmod(number - 1, 36)
        return f"S{digits[high] if high else ''}{digits[low]}_"

    pairs = (f"S_I{earlier(level)}{earlier(level)}E" for level in range(1, levels + 1))
    return f"_Z1f1XIiE{''.join(pairs)}"


def test_a_name_that_repeats_itself_is_written_out_no_further_than_there_is_room():
    assert demangled(repeated(2)) == (
        "f(X<int>, X<X<int>, X<int>>, X<X<X<int>, X<int>>, X<X<int>, X<int>>>)"
    )
    assert demangled(repeated(300)) == "f"


def test_no_name_is_read_further_than_templates_reach():
    assert read_name("a" * 10 * LONGEST_NAME).own == "a" * LONGEST_NAME


@given(
    st.one_of(
        st.text(max_size=200),
        st.text("ab<>(){}[]:,& '#1", max_size=200),
        st.text("NSTIELZKPRJDpUlvif_0129a", max_size=100).map("_Z{}".format),
        st.sampled_from(
            ["<", "(", "{", "[", "a<", "a::", "operator", " ", "_ZN1a", "_Z1fI", "Z"]
        ).map(lambda text: text * 4000),
    )
)
@example("_Z1f" + "P" * 4000 + "i")
@example("_ZN" + "1a" * 2000 + "E")
@example("\ud800")
def test_anything_is_a_name(name):
    function = read_name(name)
    assert function.own or not name[:LONGEST_NAME].strip().removesuffix(".kd")
    assert kernel_class(name) in KernelClass

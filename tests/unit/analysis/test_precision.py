import pytest

from annt_prof.analysis.precision import matrix_precision
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def shares(tmp_path, *names):
    builder = TraceBuilder().step(0, 10_000)
    for number, name in enumerate(names):
        builder.kernel(name, number * 1000, number * 1000 + 500)
    return matrix_precision(read(builder.write(tmp_path / "trace.json")))


@pytest.mark.parametrize(
    ("name", "sixteen_bits", "tf32"),
    [
        ("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64", 1, 0),
        ("ampere_fp16_s16816gemm_fp16_128x64_ldg8_f2f_nn", 1, 0),
        ("void cutlass::Kernel2<cutlass_80_tensorop_f16_s16816gemm_relu_f16_64x64>", 1, 0),
        ("volta_h884gemm_64x64_ldg8_nn", 1, 0),
        ("nvjet_hsh_128x128_64x4_1x2_h_bz_coopA_NNT", 1, 0),
        ("void pytorch_flash::flash_fwd_kernel<cutlass::bfloat16_t>", 1, 0),
        ("sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32_nhwckrsc_nhwc", 0, 1),
        ("void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x64_16x4_nn_align4>", 0, 1),
        ("volta_sgemm_128x32_nt", 0, 0),
        ("ampere_sgemm_32x32_sliced1x4_tn", 0, 0),
        ("nvjet_sss_128x64", 0, 0),
    ],
)
def test_names_tell_the_precision(tmp_path, name, sixteen_bits, tf32):
    assert shares(tmp_path, name) == (sixteen_bits, tf32)


def test_shares_are_of_the_matrix_kernels_time(tmp_path):
    found = shares(
        tmp_path, "volta_sgemm_128x32_nt", "ampere_fp16_s16816gemm_fp16_128x64",
        "vectorized_elementwise_kernel_half", "vectorized_elementwise_kernel_half",
    )  # fmt: skip
    assert found == (0.5, 0)


def test_a_trace_without_matrix_kernels_has_none(tmp_path):
    assert shares(tmp_path, "vectorized_elementwise_kernel") == (0, 0)

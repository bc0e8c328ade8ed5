import pytest

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.analysis.classes.precision import kernel_precision
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import MATRIX_CLASSES, KernelClass, Precision
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

NAMES = {
    "float8": [
        "sm90_xmma_gemm_e4m3bf16_e4m3f32_f32_tn_n_tilesize128x128x128_warpgroupsize1x1x1_cublas",
        "sm89_xmma_gemm_e5m2f16_e4m3f32_f32_tn_n",
        "nvjet_qqtst_112x128_128x7_2x1_v_bz_coopA_algo2_TNN",
        "nvjet_sm100_qqtst_128x256_128x6_2x2_2cta_h_bz_Avec32UE8M0_Bvec32UE8M0_TNT",
        "cutlass3x_sm100_tensorop_gemm_e4m3_e4m3_f32_bf16_bf16_128x160x128",
        "void cutlass::device_kernel<flash::FlashAttnFwdSm90<cutlass::float_e4m3_t, float>>",
        "void deep_gemm::fp8_gemm_kernel<7168u, 4096u, 128u>",
        "Cijk_Alik_Bljk_F8BS_BH_Bias_HA_S_SAB_SAV_UserArgs_MT256x256x128_MI16x16x1",
        "Custom_Cijk_Alik_Bljk_F8B8BS_BH_MT256x256x128_shortname1",
        "Cijk_Ailk_Bljk_B8F8S_BH_UserArgs_MT256x256x128",
        "bmm_Bfloat16_MxE2m1MxE4m3_Fp32_t128x16x256u2_s3_et128x16_dynBatch_sm100f",
        "void scaled_gemm<c10::Float8_e5m2>",
        "void grouped_gemm<float8>",
    ],
    "float4": [
        "nvjet_sm100_ootst_128x128_256x7_4x1_2cta_v_bx_Avec16UE4M3_Bvec16UE4M3_TNT",
        "bmm_MxE4m3_E2m1E2m1_Fp32_t128x8x512_s3",  # E4m3 is what it gives out
        "cutlass3x_sm100_bstensorop_s256x192x64gemm_block_scaled_ue4m3xf4_ue4m3xf4_f32_f16_f16",
    ],
    "int8": [
        "sm80_xmma_gemm_i8i8_i8i32_f32_tn_n_tilesize128x128x64",
        "turing_int8_i8816gemm_int8_128x128_ldg16_nt",
        "Cijk_Alik_Bljk_I8II_BH_MT64x64x64_MI16x16x1",
        "Cijk_Alik_Bljk_4xi8BH_MT64x64x64",
    ],
    "bfloat16": [
        "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64",
        "ampere_bf16_s16816gemm_bf16_128x64_ldg8_f2f_stages_64x3_nn",
        "cutlass_75_tensorop_bf16_s1688gemm_bf16_256x128_nn_align1",
        "cutlass_80_tensorop_s1688bf16gemm_256x128_nn_align4",
        "nvjet_tst_128x256_64x4_1x2_h_bz_coopA_NTN",
        "nvjet_sm100_tst_64x32_64x16_2x1_2cta_h_bz_NNT",
        "void pytorch_flash::flash_fwd_kernel<cutlass::bfloat16_t>",
        "fmha_cutlassF_bf16_aligned_64x64_rf_sm80(AttentionKernel::Params)",
        "Cijk_Alik_Bljk_BBS_BH_Bias_HA_S_SAV_UserArgs_MT16x16x512_MI16x16x1",
        "Cijk_Ailk_Bjlk_BSS_BH_MT128x128x32_MI32x32x8x1",
        "Cijk_Ailk_Bljk_BBH_MT64x64x32_SE",
        "void cublasLt::splitKreduce_kernel<32, 16, int, float, __nv_bfloat16, float>",
        "bmm_E4m3_MxInt4Bfloat16_Fp32_t128x8x64",
        "fmhaSm100fKernel_QkvBfloat16OE4m3H128PagedKvCausalP64VarSeqQ128Kv128Persistent",
    ],
    "float16": [
        "ampere_fp16_s16816gemm_fp16_128x64_ldg8_f2f_nn",
        "void cutlass::Kernel2<cutlass_80_tensorop_f16_s16816gemm_relu_f16_64x64>",
        "cutlass_75_tensorop_s1688gemm_f16_256x128_nn_align8",
        "volta_h884gemm_64x64_ldg8_nn",
        "volta_hgemm_128x64_nn",
        "turing_h1688cudnn_128x128_ldg8_relu_exp_medium_nhwc_tn_v1",
        "nvjet_hsh_128x128_64x4_1x2_h_bz_coopA_NNT",
        "void pytorch_flash::flash_bwd_kernel<cutlass::half_t, 64>",
        "Cijk_Alik_Bljk_HHS_BH_Bias_HAS_SAV_UserArgs_MT64x64x32",
        "Cijk_Ailk_Bjlk_HSS_BH_MT128x128x32_MI32x32x8x1",
        "Cijk_Ailk_Bljk_HBH_MT64x64x32_SE",
        "Cijk_Ailk_Bljk_HB_MT64x64x32_SE",
    ],
    "tf32": [
        "sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32_nhwckrsc_nhwc",
        "sm90_xmma_gemm_f32f32_tf32f32_f32_tn_n_tilesize64x64x32",
        "void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x64_16x4_nn_align4>",
        "void cutlass_cudnn::Kernel<cutlass_tensorop_s1688dgrad_optimized_tf32_64x128_32x3_nhwc>",
        "cutlass_80_tensorop_s1688tf32gemm_256x128_16x3_nn_align4",
        "_ZN19cutlass_cudnn_train6KernelINS_4conv6kernelIN7cutlass10tfloat32_tEfEE",
        "nvjet_sss_tf32_128x256_TNT",
        "Cijk_Alik_Bjlk_S_MX_B_Bias_AS_SAV_UserArgs_MT192x16x64_MI16x16x1",
    ],
    "float32": [
        "volta_sgemm_128x32_nt",
        "ampere_sgemm_32x32_sliced1x4_tn",
        "ampere_gcgemm_64x64_nt",
        "void magma_sgemmEx_kernel<float, float, float, true, false>",
        "cutlass_80_simt_sgemm_128x32_8x5_nn_align1",
        "sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize64x64x8_ffma",
        "cudnn_ampere_scudnn_128x64_relu_xregs_large_nn_v1",
        "void cudnn::winograd_nonfused::winogradForwardFilter4x4<float, float>()",
        "fmha_cutlassF_f32_aligned_64x64_rf_sm75(AttentionKernel::Params)",
        "Cijk_Alik_Bljk_SB_Bias_AS_SAV_UserArgs_MT64x16x32_MI16x16x1",
        "Cijk_Ailk_Bljk_S_B_UserArgs_MT32x32x16_SN",
    ],
    "float64": [
        "ampere_dgemm_64x64_tn",
        "cutlass_80_tensorop_d884gemm_64x64_16x4_nn_align1",
        "void gemv2T_kernel_val<int, int, double, double, double>",
        "Cijk_Ailk_Bljk_DB_MT64x64x16",
    ],
    "unknown": [
        "nvjet_sss_128x64",
        "fmha_cutlassF_f32_aligned_64x64_rf_sm80(AttentionKernel::Params)",
        "fmha_cutlassB_f32_aligned_64x64_k32_sm90(AttentionKernel::Params)",
        "triton_tem_fused_mm_3",
        "void cask_cudnn::computeOffsetsKernel<false, false>(cask_cudnn::ComputeOffsetsParams)",
        "gemm" + "x" * 10_000_000,
    ],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(name, kind, id=f"{kind}-{name[:80]}")
        for kind, names in NAMES.items()
        for name in names
    ],
)
def test_names_tell_the_precision(name, expected):
    assert kernel_class(name) in MATRIX_CLASSES
    assert kernel_precision(name) == expected


def traced(tmp_path, *names):
    builder = TraceBuilder().step(0, 10_000)
    for number, name in enumerate(names):
        builder.kernel(name, number * 1000, number * 1000 + 500)
    return read(builder.write(tmp_path / "trace.json"))


def test_time_of_each_class_by_the_precision_its_kernels_ran_in(tmp_path):
    tf32, half, single, silent = (
        "sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32",
        "ampere_fp16_s16816gemm_fp16_128x64",
        "volta_sgemm_128x32_nt",
        "triton_tem_fused_mm_3",
    )
    memory_bound = "vectorized_elementwise_kernel<at::Half>"
    trace = traced(tmp_path, tf32, tf32, half, single, silent, memory_bound)
    mean = break_down(Timeline(trace)).mean
    assert mean.kernel_precision_ns == {
        "conv": {"tf32": 1000},
        "gemm": {"float16": 500, "float32": 500, "unknown": 500},
    }


def test_precisions_of_a_class_sum_to_it_within_the_steps(tmp_path):
    builder = TraceBuilder()
    for number in range(3):
        builder.step(1000 * number, 1000 * (number + 1))
    builder.kernel("volta_sgemm_128x32_nt", 10, 110).kernel("nvjet_tst_128x64", 200, 301)
    builder.kernel("volta_sgemm_128x32_nt", 2990, 3500)  # 10 of it within the last step
    mean = break_down(Timeline(read(builder.write(tmp_path / "trace.json")))).mean
    assert mean.kernel_ns == {"gemm": 70}
    assert mean.kernel_precision_ns == {"gemm": {"float32": 37, "bfloat16": 33}}


@pytest.mark.parametrize(
    ("tensors", "precision"),
    [
        ("float", Precision.UNKNOWN),  # or TF32
        ("__half", Precision.FLOAT16),
        ("__nv_bfloat16", Precision.BFLOAT16),
    ],
)
def test_a_change_of_layout_tells_16_bits_and_not_float32_from_tf32(tensors, precision):
    name = f"void cudnn::ops::nchwToNhwcKernel<{tensors}, {tensors}, float, false, true>(...)"
    assert kernel_precision(name) is precision
    assert kernel_class(name) is KernelClass.CONV

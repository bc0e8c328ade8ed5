import pytest

from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.categories import KernelClass

NAMES = {
    "communication": [
        "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
        "ncclKernel_Broadcast_RING_LL_Sum_int8_t(ncclWorkElem)",
        "void vllm::cross_device_reduce_1stage<c10::Half, 2>(vllm::RankData*)",
    ],
    "gemm": [
        "volta_sgemm_128x32_nt",
        "ampere_fp16_s16816gemm_fp16_64x64_sliced1x2_ldg8_f2f_stages_64x5_tn",
        "Cijk_Alik_Bljk_SB_MT32x32x16_SE_K1",
        "nvjet_tst_128x256_64x4_1x2_h_bz_coopA_NTN",
    ],
    "conv": [
        "sm80_xmma_fprop_implicit_gemm_indexed_tf32f32_tf32f32_f32_nhwckrsc_nchw",
        "cudnn_infer_ampere_scudnn_128x64_relu_xregs_large_nn_v1",
        "void cudnn::ops::nchwToNhwcKernel<float, float, float, false, true>(int)",
        "void cudnn::winograd_nonfused::winogradForwardFilter4x4<float, float>()",
    ],
    "attention": [
        "void pytorch_flash::flash_fwd_kernel<pytorch_flash::Flash_fwd_kernel_traits<64>>",
        "fmha_cutlassF_bf16_aligned_64x64_rf_sm80(AttentionKernel::Params)",
    ],
    "norm": [
        "void cudnn::bn_bw_1C11_kernel_new<float, float, float2, 512, true, 1>(float)",
        "void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float>()",
        "void at::native::batch_norm_collect_statistics_kernel<at::native::InvStd>()",
        "triton_red_fused_native_layer_norm_0",
    ],
    "reduction": [
        "void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float>>()",
        "void (anonymous namespace)::softmax_warp_forward<float, float, float, 10>()",
        "triton_per_fused_sum_3",
        "triton_red_fused_convolution_backward_2",
        "void at::native::multi_tensor_apply_kernel<at::native::LpNormFunctor<float, 2>>",
    ],
    "elementwise": [
        "triton_poi_fused_add_relu_1",
        "triton_poi_fused_convolution_relu_1",
        "triton_poi_fused_native_batch_norm_relu_0",
        "triton_poi_fused_scaled_dot_product_attention_2",
        "triton_poi_fused__to_copy_convolution_0",
        "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>>",
    ],
    "cast": [
        "triton_poi_fused_convert_element_type_3",
        "triton_poi_fused__to_copy_0",
        "void at::native::vectorized_elementwise_kernel<4, bfloat16_copy_kernel_cuda()>",
        "void at::native::unrolled_elementwise_kernel<at::native::direct_copy_kernel_cuda(), "
        "at::detail::Array<char*, 2>, at::native::memory::LoadWithCast<1>, StoreWithCast<1>>()",
    ],
    "memory": [
        "void at::native::elementwise_kernel<128, 2, at::native::direct_copy_kernel_cuda()>",
        "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>>",
        "Memcpy HtoD (Pinned -> Device)",
        "Memset (Device)",
    ],
    "optimizer": [
        "void at::native::(anonymous namespace)::multi_tensor_apply_kernel<FusedAdamMathFunctor>",
    ],
    "other": [
        "my_own_kernel",
        "",
        "\x1b[31m" + "x" * 10_000_000,
    ],
}


@pytest.mark.parametrize(
    ("unrolled", "implementation", "element", "of_lambdas", "expected"),
    [
        (2, "gpu_kernel_impl_nocast", "float", 1, KernelClass.MEMORY),
        (4, "gpu_kernel_impl_nocast", "c10::Half", 1, KernelClass.MEMORY),
        (4, "gpu_kernel_impl", "float", 1, KernelClass.CAST),  # since PyTorch 1.13
        (2, "gpu_kernel_impl", "float", 1, KernelClass.MEMORY),  # until then
        (4, "gpu_kernel_impl", "float", 2, KernelClass.CAST),
        (4, "gpu_kernel_impl", "c10::Half", 2, KernelClass.CAST),
        (4, "gpu_kernel_impl", "c10::Half", 1, KernelClass.MEMORY),  # either: the older is told
    ],
)
def test_a_copy_between_strided_tensors_casts_where_pytorch_launches_it_to(
    unrolled, implementation, element, of_lambdas, expected
):
    copy = (
        "at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::operator()() "
        f"const::{{lambda()#7}}::operator()() const::{{lambda({element})#1}}"
    )
    body = f"at::native::{implementation}<{copy}>(at::TensorIteratorBase&, {copy} const&)"
    name = (
        f"void at::native::elementwise_kernel<128, {unrolled}, "
        f"{body}::{{lambda(int)#{of_lambdas}}}>(int, {body}::{{lambda(int)#{of_lambdas}}})"
    )
    assert kernel_class(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"), [(name, kind) for kind, names in NAMES.items() for name in names]
)
def test_kernels_are_told_by_their_names(name, expected):
    assert kernel_class(name) is KernelClass(expected)

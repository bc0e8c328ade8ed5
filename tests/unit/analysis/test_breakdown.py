import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.breakdown.accounting import break_down, mean_of
from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.errors import UserError
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

DATA_LOADING = "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
EVALUATE = "autograd::engine::evaluate_function: MmBackward0"


@pytest.fixture
def analyse(tmp_path):
    return lambda builder: break_down(Timeline(read(builder.write(tmp_path / "trace.json.gz"))))


def times(step):
    return {category.value: time for category, time in step.by_category_ns.items() if time}


def own_step(builder, at):
    """A step of 100 ns with every phase: the device lags the host by 30 ns."""
    return (
        builder.step(at, at + 100)
        .phase(Phase.DATA_LOADING, at, at + 10)
        .phase(Phase.H2D_COPY, at + 10, at + 14)
        .copy("HtoD", at + 12, at + 20, launch_ns=at + 11)
        .phase(Phase.FORWARD, at + 14, at + 24)
        .kernel("gemm", at + 20, at + 40, launch_ns=at + 15)
        .phase(Phase.BACKWARD, at + 24, at + 40)
        .kernel("conv", at + 40, at + 70, launch_ns=at + 30, thread=AUTOGRAD_THREAD)
        .phase(Phase.OPTIMIZER, at + 40, at + 50)
        .annotation("Optimizer.step#SGD.step", at + 41, at + 49)
        .kernel("multi_tensor_apply_kernel", at + 70, at + 75, launch_ns=at + 45)
        .phase(Phase.ZERO_GRAD, at + 50, at + 52)
        .memset(at + 75, at + 77, launch_ns=at + 51)
        .phase(Phase.SYNC, at + 52, at + 95)
    )


def test_a_whole_step_of_our_own(analyse):
    found = analyse(own_step(own_step(TraceBuilder(), 1000), 1100))
    for number, step in enumerate(found.steps):
        assert step.name == f"ProfilerStep#{number}"
        assert step.wall_ns == 100
        assert times(step) == {
            "data_loading": 10,
            "host_bound": 2 + 5,
            "h2d_copy": 8,
            "forward": 20,
            "backward": 30,
            "optimizer": 5,
            "zero_grad": 2,
            "sync": 18,
        }
        assert step.by_category_ns[Category.GRAD_SCALING] == 0
        assert step.by_category_ns[Category.COMMUNICATION] == 0
    assert found.mean.not_measured == {}
    assert found.mean.step_ns == 100
    assert found.mean.kernel_ns == {"gemm": 20, "conv": 30, "optimizer": 5, "memory": 2 + 8}


def test_results_survive_json(analyse):
    found = analyse(own_step(TraceBuilder(), 0))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Breakdown) == found


def test_computing_hides_communication_and_communication_hides_copies(analyse):
    found = analyse(
        TraceBuilder(world_size=2)
        .step(0, 100)
        .phase(Phase.BACKWARD, 0, 100)
        .kernel("gemm", 10, 40, launch_ns=5)
        .kernel("ncclDevKernel_AllReduce_Sum_f32_RING_LL", 30, 60, launch_ns=6, stream=20)
        .copy("HtoD", 35, 80, stream=21)
        .copy("DtoH", 70, 90, stream=22)
    )
    assert times(found.steps[0]) == {
        "backward": 30,
        "communication": 20,
        "h2d_copy": 20,  # it started before the other copy
        "other_copy": 10,
        "host_bound": 20,
    }
    assert found.mean.hidden_ns == {
        Category.COMMUNICATION: 10,
        Category.H2D_COPY: 25,
        Category.OTHER_COPY: 10,
    }


def test_work_launched_steps_earlier_belongs_to_the_phase_that_launched_it(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 50)
        .phase(Phase.FORWARD, 10, 20)
        .step(50, 100)
        .phase(Phase.OPTIMIZER, 60, 90)
        .kernel("gemm", 45, 70, launch_ns=15)
    )
    assert times(found.steps[0]) == {"host_bound": 45, "forward": 5}
    assert times(found.steps[1]) == {"forward": 20, "host_bound": 30}


def test_what_is_not_known_is_unattributed(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 100)
        .phase(Phase.FORWARD, 0, 10)
        .kernel("no_launch", 20, 30)
        .kernel("launched_outside_phases", 30, 40, launch_ns=15)
        .kernel("launched_at_the_end_of_the_phase", 40, 50, launch_ns=10)
    )
    # While something was launched and waits, it is the device's to begin.
    assert times(found.steps[0]) == {"unattributed": 30 + 10, "queued": 10, "host_bound": 50}


def test_idle_time_is_split_by_what_the_main_thread_does(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 100)
        .phase(Phase.DATA_LOADING, 0, 20)
        .runtime("cudaStreamSynchronize", 5, 10)  # inside the loader it is loading
        .runtime("cudaStreamSynchronize", 30, 60)
        .kernel("gemm", 25, 45, launch_ns=22)
        .runtime("cudaDeviceSynchronize", 70, 80, thread=AUTOGRAD_THREAD)  # not known to matter
        .runtime("cudaEventQuery", 80, 90)
    )
    assert times(found.steps[0]) == {
        "data_loading": 20,
        "unattributed": 20,
        "sync": 15,
        "host_bound": 45,
    }


def test_the_main_thread_waits_with_autograd(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 100)
        .phase(Phase.BACKWARD, 0, 90)
        .operator(EVALUATE, 10, 80, thread=AUTOGRAD_THREAD)
        .runtime("cudaStreamSynchronize", 20, 50, thread=AUTOGRAD_THREAD)
        .kernel("gemm", 15, 30, launch_ns=12, thread=AUTOGRAD_THREAD)
    )
    assert times(found.steps[0]) == {"backward": 15, "sync": 20, "host_bound": 65}


def test_device_side_step_ranges_are_no_steps(analyse):
    builder = own_step(TraceBuilder(), 0)
    found = analyse(builder.device_annotation("ProfilerStep#0", 5, 80))
    assert [step.name for step in found.steps] == ["ProfilerStep#0"]


def test_a_step_listed_twice_counts_once(analyse):
    found = analyse(TraceBuilder().step(0, 10).step(0, 10, number=0).step(10, 30, number=1))
    assert [step.wall_ns for step in found.steps] == [10, 20]


def test_without_a_device_all_time_in_a_phase_is_the_phases(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 100)
        .phase(Phase.DATA_LOADING, 0, 30)
        .phase(Phase.H2D_COPY, 30, 32)
        .phase(Phase.FORWARD, 32, 60)
        .operator("aten::mm", 40, 45)  # the rest may be a sleep in a module: forward all the same
        .phase(Phase.BACKWARD, 60, 80)
        .phase(Phase.OPTIMIZER, 80, 90)
        .phase(Phase.GRAD_CLIPPING, 82, 85)  # the inner one wins
        .phase(Phase.SYNC, 95, 97)
    )
    assert times(found.steps[0]) == {
        "data_loading": 30,
        "forward": 28,
        "backward": 20,
        "optimizer": 7,
        "grad_clipping": 3,
        "sync": 2,
        "unattributed": 2 + 5 + 3,
    }
    assert found.steps[0].by_category_ns[Category.GRAD_SCALING] == 0
    assert set(found.mean.not_measured) == {
        Category.H2D_COPY, Category.OTHER_COPY, Category.HOST_BOUND, Category.QUEUED,
        Category.COMMUNICATION,
    }  # fmt: skip
    assert found.mean.hidden_ns == {}
    assert found.mean.kernel_ns == {}


def test_communication_without_a_device(analyse):
    found = analyse(
        TraceBuilder(world_size=4, backend="gloo")
        .step(0, 100)
        .phase(Phase.DATA_LOADING, 0, 20)
        .phase(Phase.BACKWARD, 20, 100)
        .operator("aten::mm", 30, 50)
        .annotation("gloo:all_reduce", 10, 90, thread=AUTOGRAD_THREAD)
    )
    assert times(found.steps[0]) == {
        "data_loading": 20,
        "communication": 10 + 40,
        "backward": 20 + 10,
    }
    assert found.mean.hidden_ns == {Category.COMMUNICATION: 10 + 20}


def test_phases_from_what_torch_leaves_in_any_trace(analyse):
    found = analyse(
        TraceBuilder()
        .step(0, 200)
        .annotation(DATA_LOADING, 0, 20)
        .operator("aten::to", 20, 25)  # before the forward pass, and no part of it
        .kernel("copy_kernel", 26, 30, launch_ns=22)
        .operator("aten::linear", 30, 50)
        .operator("aten::addmm", 35, 45, sequence=7)
        .kernel("gemm", 40, 60, launch_ns=41)
        .operator("aten::relu", 50, 60, sequence=8)
        .kernel("relu", 60, 70, launch_ns=55)
        .operator(f"{EVALUATE}8", 70, 80, thread=AUTOGRAD_THREAD, sequence=8)
        .operator(f"{EVALUATE}7", 85, 100, thread=AUTOGRAD_THREAD, sequence=7)
        .kernel("gemm", 90, 120, launch_ns=83, thread=AUTOGRAD_THREAD)
        .annotation("Optimizer.step#SGD.step", 110, 130)
        .operator("aten::add_", 112, 116)
        .kernel("add", 125, 130, launch_ns=113)
        .annotation("Optimizer.zero_grad#SGD.zero_grad", 130, 140)
        .runtime("cudaDeviceSynchronize", 150, 190)
    )
    assert times(found.steps[0]) == {
        "data_loading": 20,
        "unattributed": 4,
        "forward": 30,
        "backward": 30,
        "optimizer": 5,
        "sync": 40,
        "queued": 5,  # the last kernel, launched while the one before it ran
        "host_bound": 200 - 20 - 4 - 30 - 30 - 5 - 5 - 40,
    }
    assert set(found.mean.not_measured) == {Category.GRAD_SCALING, Category.GRAD_CLIPPING}


def test_accumulation_alternates_passes(analyse):
    builder = TraceBuilder().step(0, 100)
    for at, sequence in ((0, 1), (50, 2)):
        builder.operator("aten::mm", at + 5, at + 10, sequence=sequence)
        builder.operator(EVALUATE, at + 20, at + 30, sequence=sequence)
    found = analyse(builder)
    assert times(found.steps[0]) == {"forward": 10, "backward": 20, "unattributed": 70}


def test_a_trace_without_steps_is_one_span(analyse):
    found = analyse(
        TraceBuilder().operator("aten::mm", 10, 30).kernel("gemm", 25, 60, launch_ns=12)
    )
    assert [(step.name, step.start_ns, step.wall_ns) for step in found.steps] == [
        ("whole trace", 10, 50)
    ]
    assert times(found.steps[0]) == {"host_bound": 15, "unattributed": 35}


def test_a_trace_without_anything_is_refused(analyse):
    with pytest.raises(UserError, match="no operators"):
        analyse(TraceBuilder())
    with pytest.raises(UserError, match="no operators"):
        analyse(TraceBuilder().event("Trace", "PyTorch Profiler (0)", 0, 90, pid="Spans", tid="P"))


def test_launches_without_kernels_are_refused(analyse):
    with pytest.raises(UserError, match="the device was not recorded"):
        analyse(TraceBuilder().step(0, 100).runtime("cudaLaunchKernel", 10, 20, correlation=1))


@given(st.lists(st.lists(st.integers(0, 10**18), min_size=5, max_size=5), min_size=1, max_size=7))
def test_the_mean_adds_up_and_moves_no_part_by_a_nanosecond(rows):
    count = len(rows)
    total = dict(zip(Category, (sum(column) for column in zip(*rows, strict=True)), strict=False))
    parts = mean_of(total, count)
    whole = sum(total.values())
    assert abs(sum(parts.values()) * count - whole) * 2 <= count
    for category, part in parts.items():
        assert abs(part * count - total[category]) < count


@pytest.fixture
def four_steps(tmp_path):
    builder = TraceBuilder()
    for number in range(4):
        own_step(builder, 1000 + 100 * number)
    return read(builder.write(tmp_path / "trace.json.gz"))


def test_some_steps_alone_are_what_they_are_among_all(four_steps):
    every = break_down(Timeline(four_steps)).steps
    assert break_down(Timeline(four_steps, slice(1, 3))).steps == every[1:3]
    assert break_down(Timeline(four_steps, slice(-1, None))).steps == every[-1:]


def test_no_step_at_all_is_an_error(four_steps):
    with pytest.raises(UserError, match="the trace has 4"):
        break_down(Timeline(four_steps, slice(9, 12)))


def test_waiting_that_is_annotated_counts_without_any_runtime_call(analyse):
    builder = TraceBuilder().step(0, 100).phase(Phase.SYNC, 40, 100).kernel("gemm", 0, 30)
    (step,) = analyse(builder).steps
    assert sum(step.by_category_ns.values()) == step.wall_ns
    assert step.by_category_ns[Category.SYNC] == 60


def test_expert_parallel_dispatch_and_combine_are_communication(analyse):
    """Each step's dispatch runs mostly under the products, its combine while nothing else does."""
    builder = TraceBuilder()
    for at in (0, 1000, 2000):
        builder.step(at, at + 1000)
        builder.operator("aten::linear", at + 20, at + 60, sequence=at)
        builder.forward_link(at + 20)
        builder.kernel("ampere_sgemm_128x64_tn", at + 40, at + 240, launch_ns=at + 30)
        builder.operator(EVALUATE, at + 300, at + 340, sequence=at, thread=AUTOGRAD_THREAD)
        builder.kernel(
            "ampere_sgemm_128x64_nt",
            at + 320,
            at + 620,
            launch_ns=at + 310,
            thread=AUTOGRAD_THREAD,
        )
        builder.annotation("Optimizer.step#AdamW.step", at + 700, at + 760)
        builder.kernel(
            "void at::native::multi_tensor_apply_kernel<FusedAdamMathFunctor>",
            at + 720,
            at + 770,
            launch_ns=at + 710,
        )
        dispatch = "void deep_ep::internode::dispatch<false, 8, false, 8>(int4*, float*)"
        combine = "void deep_ep::internode::combine<false, 8, __nv_bfloat16, 8>(int4*)"
        builder.kernel(dispatch, at + 60, at + 460, launch_ns=at + 35, stream=23)
        builder.kernel(combine, at + 810, at + 900, launch_ns=at + 800, stream=23)
    found = analyse(builder)
    for step in found.steps:
        spent = times(step)
        assert spent["communication"] == (320 - 240) + (900 - 810)
        assert (spent["forward"], spent["backward"], spent["optimizer"]) == (200, 300, 50)
        assert "unattributed" not in spent
    assert found.mean.hidden_ns[Category.COMMUNICATION] == 400 + 90 - 170
    assert found.mean.kernel_ns == {"gemm": 500, "optimizer": 50, "communication": 490}


def test_classes_of_libraries_whose_names_have_the_words_of_others(analyse):
    """gemm, flash and cutlass stand in namespaces and in types of arguments."""
    kernels = {
        "void split_embedding_backward_codegen_rowwise_adagrad_unweighted_kernel_cta_per_row_1"
        "<float>(at::GenericPackedTensorAccessor<float, 2ul>, "
        "fbgemm_gpu::PackedTensorAccessor<int>)": 300,
        "void fbgemm_gpu::permute_2D_data_kernel<false, int, int>(int, int)": 100,
        "bmm_Bfloat16_MxE2m1MxE4m3_Fp32_t128x16x256u2_s3_et128x16_dynBatch_sm100f": 200,
        "void moe::dev::finalize::finalizeKernelVecLoad<moe::dev::finalize::KernelParams"
        "<cutlass::bfloat16_t, cutlass::bfloat16_t, 4, true> >": 50,
        "void at::native::vectorized_elementwise_kernel<4, at::native::"
        "bfloat16tofloat32_copy_kernel_cuda(at::TensorIteratorBase&)>": 40,
        "void tensorrt_llm::kernels::quantize_with_block_size<32, true>"
        "(int, flashinfer::QuantizationSFLayout)": 60,
        "sage_fwd": 80,
    }
    builder, at = TraceBuilder().step(0, 1000), 10
    for name, duration in kernels.items():
        builder.kernel(name, at, at + duration)
        at += duration + 5
    assert analyse(builder).mean.kernel_ns == {
        "memory": 300 + 100,
        "gemm": 200,
        "cast": 40 + 60,
        "attention": 80,
        "other": 50,
    }


def test_one_shot_all_reduces_of_engines_are_communication(analyse):
    """Rebuilt from reports of engines whose all-reduce is no NCCL's: multimem, Lamport, pushed."""
    collectives = (
        "void (anonymous namespace)::multimem_all_reduce_kernel<c10::BFloat16, 16>"
        "(c10::BFloat16*, unsigned long, unsigned int**, unsigned long, unsigned long)",
        "void flashinfer::trtllm_allreduce_fusion::allreduce_fusion_kernel_oneshot_lamport"
        "<(flashinfer::trtllm_allreduce_fusion::AllReduceFusionPattern)1, __nv_bfloat16, 8, "
        "false, false>(flashinfer::trtllm_allreduce_fusion::AllReduceFusionParams<__nv_bfloat16>)",
        "kuserbuffers_pushrecv",
        "mscclKernel_Sum_half_Simple_false(ncclDevComm*, mscclAlgo*, mscclWork*)",
        "_ZN4mori3moe25EpDispatchIntraNodeKernelI14__hip_bfloat16EEvv",
    )
    builder = TraceBuilder().step(0, 1000)
    for number, name in enumerate(collectives):
        builder.kernel(name, 100 * number, 100 * number + 40)
    # Attention combines what its splits found, on this device.
    builder.kernel(
        "void flash::flash_fwd_splitkv_mla_combine_kernel<cutlass::bfloat16_t, float, long, 512, "
        "64>(Flash_fwd_mla_params)",
        600,
        630,
    )
    found = analyse(builder)
    assert times(found.steps[0])["communication"] == 5 * 40
    assert found.mean.kernel_ns == {"communication": 5 * 40, "attention": 30}

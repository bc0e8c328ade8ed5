"""Traces of old torch, of Intel devices and of programs that mark their steps themselves."""

import gzip
import json

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.testing import AUTOGRAD_THREAD, MAIN_THREAD, TraceBuilder
from annt_prof.trace.reading import read

EVALUATE = "autograd::engine::evaluate_function: MmBackward0"


@pytest.fixture
def analyse(tmp_path):
    return lambda builder: analyze(read(builder.write(tmp_path / "trace.json")))


def mean(analysis):
    """Return the categories of the mean step; host_bound and queued are whatever is left."""
    told = {c.value: ns for c, ns in analysis.breakdown.mean.by_category_ns.items() if ns}
    return {name: ns for name, ns in told.items() if name not in ("host_bound", "queued")}


def in_torch_1_8(document):
    """Write a document as torch 1.8 did: no evaluations, no flows, other categories."""
    categories = {
        "cpu_op": "Operator", "user_annotation": "Operator", "cuda_runtime": "Runtime",
        "kernel": "Kernel", "gpu_memcpy": "Memcpy", "gpu_memset": "Memset",
    }  # fmt: skip
    events = [
        {**event, "cat": categories.get(event.get("cat"), event.get("cat"))}
        for event in document["traceEvents"]
        if event.get("cat") not in ("fwdbwd", "forward_backward")
        and not str(event.get("name")).startswith("autograd::engine::evaluate_function")
    ]
    return {**document, "traceEvents": events}


def old_steps(thread):
    """Three steps: a kernel of 200 from the forward pass, 300 + 20 from the backward, 50 more."""
    builder = TraceBuilder()
    for number, at in enumerate((0, 1000, 2000)):
        sequence = 10 + number
        builder.step(at, at + 1000)
        builder.operator("aten::conv2d", at + 20, at + 60, sequence=sequence, forward_thread=0)
        builder.operator("aten::_conv", at + 22, at + 55, sequence=sequence, forward_thread=0)
        builder.kernel("implicit_gemm", at + 40, at + 240, launch_ns=at + 30)
        name, accumulate = "CudnnConvolutionBackward", "torch::autograd::AccumulateGrad"
        builder.operator(
            name, at + 300, at + 340, thread=thread, sequence=sequence, forward_thread=1
        )
        builder.kernel("dgrad", at + 320, at + 620, launch_ns=at + 310, thread=thread)
        builder.operator(accumulate, at + 345, at + 355, thread=thread)
        builder.kernel("add", at + 620, at + 640, launch_ns=at + 350, thread=thread)
        builder.annotation("Optimizer.step#SGD.step", at + 700, at + 760)
        builder.kernel("multi_tensor_apply", at + 720, at + 770, launch_ns=at + 710)
    return builder


@pytest.mark.parametrize("thread", [AUTOGRAD_THREAD, MAIN_THREAD])
def test_the_forward_thread_marks_the_backward_pass_of_torch_1_8(tmp_path, thread):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(in_torch_1_8(json.loads(old_steps(thread).json()))))
    analysis = analyze(read(path))
    assert mean(analysis) == {"forward": 200, "backward": 320, "optimizer": 50}
    assert not set(analysis.breakdown.mean.not_measured) & {Category.FORWARD, Category.BACKWARD}
    assert not [remark for remark in analysis.remarks if "autograd" in remark]


def test_the_thread_that_runs_an_old_backward_pass_is_waited_for(analyse):
    """A call there that waits for the device holds up the step, and its time is the pass's."""
    builder = old_steps(AUTOGRAD_THREAD)
    builder.runtime("cudaStreamSynchronize", 342, 660, thread=AUTOGRAD_THREAD)
    analysis = analyse(builder)
    assert analysis.breakdown.steps[0].by_category_ns[Category.SYNC] == 20
    assert analysis.host[0].waiting_for_backward_ns == 40 + 10


def test_a_forward_thread_without_a_sequence_number_marks_nothing(analyse):
    """The profiler writes both or none; traces that were made up have the one on any operator."""
    builder = TraceBuilder().step(0, 1000)
    builder.operator("aten::linear", 20, 60, forward_thread=1).kernel("a", 40, 140, launch_ns=30)
    assert mean(analyse(builder)) == {"unattributed": 100}


def test_before_there_were_sequence_numbers_the_engines_thread_tells(analyse):
    """As torch 1.8.0 wrote it. What of the main thread was forward nothing tells."""
    builder = TraceBuilder().step(0, 1000)
    builder.operator("aten::conv2d", 20, 60).kernel("implicit_gemm", 40, 240, launch_ns=30)
    thread = AUTOGRAD_THREAD
    builder.operator("CudnnConvolutionBackward", 300, 340, thread=thread)
    builder.kernel("dgrad", 320, 620, launch_ns=310, thread=thread)
    builder.operator("torch::autograd::AccumulateGrad", 345, 355, thread=thread)
    builder.operator("c10d::copy_bucket", 360, 370, thread=thread)  # in a hook, after the last one
    builder.kernel("copy", 620, 640, launch_ns=365, thread=thread)
    analysis = analyse(builder)
    assert mean(analysis) == {"backward": 320, "unattributed": 200}
    assert Category.FORWARD in analysis.breakdown.mean.not_measured


def test_a_metric_after_the_last_backward_pass_is_no_forward_pass(analyse):
    """Passes make three nodes here, the metric one: fewer than half of that."""
    builder = TraceBuilder()
    for at, sequence in ((0, 10), (1000, 14)):
        builder.step(at, at + 1000)
        for node in range(3):
            begin = at + 100 * node
            builder.operator("aten::mm", begin, begin + 90, sequence=sequence + node)
        builder.kernel("gemm", at + 50, at + 250, launch_ns=at + 10)
        for node in range(3):
            builder.operator(
                EVALUATE, at + 300 + node, at + 301 + node, thread=AUTOGRAD_THREAD,
                sequence=sequence + node,
            )  # fmt: skip
        builder.annotation("Optimizer.step#SGD.step", at + 400, at + 500)
        builder.operator("aten::softmax", at + 600, at + 620, sequence=sequence + 3)
        builder.kernel("softmax", at + 650, at + 680, launch_ns=at + 610)
    builder.operator("aten::argmax", 1700, 1710, sequence=18)
    analysis = analyse(builder)
    assert mean(analysis) == {"forward": 200, "unattributed": 30}
    assert not [remark for remark in analysis.remarks if "not their backward passes" in remark]


def test_what_is_computed_again_within_a_backward_pass_is_no_forward_pass(analyse):
    """Activation checkpointing on the CPU: the main thread makes nodes inside the pass."""
    builder = TraceBuilder().step(0, 1000)
    builder.operator("aten::mm", 10, 100, sequence=3)
    builder.operator(EVALUATE, 200, 500, sequence=3)
    builder.operator("aten::mm", 250, 350, sequence=4)
    builder.operator("aten::relu", 350, 400, sequence=5)
    builder.operator("aten::add", 600, 610, sequence=6)
    analysis = analyse(builder)
    assert mean(analysis) == {"forward": 90, "backward": 300, "unattributed": 610}
    assert not [remark for remark in analysis.remarks if "not their backward passes" in remark]


def test_an_optimizer_that_runs_the_passes_in_a_closure_keeps_what_is_its_own(analyse):
    """So does Lightning: both its range and torch's are around the whole step."""
    builder = ranged_step(
        names=(
            "[pl][profile][Strategy]DDPStrategy.training_step",
            "[pl][profile][Strategy]DDPStrategy.backward",
            "[pl][profile]run_training_batch",
        )
    )
    builder.annotation("[pl][profile][LightningModule]GPT.optimizer_step", 5, 800)
    builder.annotation("Optimizer.step#Adam.step", 6, 790)
    assert mean(analyse(builder)) == {"forward": 200, "backward": 300, "optimizer": 50}


@pytest.mark.parametrize(
    "name",
    ["mi250-minitoy-2steps", pytest.param("v100-allreduce-5steps", marks=pytest.mark.slow)],
)
def test_a_real_trace_reads_alike_in_the_old_dialect(real_trace, tmp_path, name):
    path = tmp_path / "old.json"
    document = json.loads(gzip.decompress(real_trace(name).read_bytes()))
    path.write_text(json.dumps(in_torch_1_8(document), indent=0))
    old, new = (break_down(Timeline(read(p))).mean for p in (path, real_trace(name)))
    assert old.by_category_ns == new.by_category_ns


def intel(builder, name, start, end, queue, correlation, *, kernel=True, **args):
    args = {"device": 0, "correlation": correlation, "sycl queue": queue, **args}
    category = "kernel" if kernel else "gpu_memcpy"
    return builder.event(category, name, start, end, pid=0, tid=queue, args=args)


def intel_step(waiting):
    builder = TraceBuilder().step(0, 1000)

    def call(name, start, end, correlation, thread=MAIN_THREAD):
        builder.event("xpu_runtime", name, start, end, pid=100, tid=thread,
                      args={"correlation": correlation})  # fmt: skip

    call("urEnqueueUSMMemcpy", 10, 15, 1)
    copy_in = "Memcpy M2D (MEMORY(Unknown) -> DEVICE)"
    intel(builder, copy_in, 20, 120, 1, 1, kernel=False, bytes=1000)
    builder.operator("aten::linear", 120, 160, sequence=10).forward_link(120)
    call("urEnqueueKernelLaunch", 130, 135, 2)
    intel(builder, "gemm_kernel", 140, 340, 1, 2)
    builder.operator(EVALUATE, 350, 390, thread=AUTOGRAD_THREAD, sequence=10, forward_thread=1)
    call("urEnqueueKernelLaunch", 355, 360, 3, AUTOGRAD_THREAD)
    intel(builder, "gemm_kernel", 365, 665, 1, 3)
    call("urEnqueueUSMMemcpy", 400, 405, 4)
    copy_out = "Memcpy D2M (DEVICE -> MEMORY(Unknown))"
    intel(builder, copy_out, 665, 685, 2, 4, kernel=False, bytes=4)
    call(waiting, 410, 710, 5)
    return builder


@pytest.mark.parametrize(
    ("call", "sync_ns"),
    [
        ("urQueueFinish", 25),
        ("urEventWait", 25),
        ("piQueueFinish", 25),
        ("piEventsWait", 25),
        ("zeEventHostSynchronize", 25),
        ("zeCommandQueueSynchronize", 25),
        ("zeDeviceSynchronize", 25),
        ("urEnqueueEventsWaitWithBarrier", None),  # the device waits, not the host
    ],
)
def test_an_intel_device_has_copies_queues_and_waits(analyse, call, sync_ns):
    analysis = analyse(intel_step(call))
    told = mean(analysis)
    assert told.pop("sync", None) == sync_ns
    assert told == {"h2d_copy": 100, "other_copy": 20, "forward": 200, "backward": 300}
    rows = [(row.direction, row.host_memory, row.bytes) for row in analysis.copies]
    assert rows == [("HtoD", None, 1000), ("DtoH", None, 4)]


def test_the_queues_of_sycl_are_streams(tmp_path):
    events = read(intel_step("urQueueFinish").write(tmp_path / "trace.json")).events
    assert sorted({*events.stream.tolist()} - {-1}) == [1, 2]


def optimizer_in_backward(builder, at):
    """Each gradient's optimizer runs in a hook, as soon as the gradient is there."""
    builder.operator("aten::mm", at + 10, at + 30, sequence=3)
    builder.kernel("gemm", at + 30, at + 130, launch_ns=at + 20)
    thread = AUTOGRAD_THREAD
    builder.operator(EVALUATE, at + 50, at + 100, thread=thread, sequence=3)
    builder.kernel("gemm", at + 130, at + 330, launch_ns=at + 60, thread=thread)
    accumulate = "autograd::engine::evaluate_function: torch::autograd::AccumulateGrad"
    for hook in (at + 100, at + 200):
        builder.operator(accumulate, hook, hook + 90, thread=thread)
        builder.annotation("Optimizer.step#SGD.step", hook + 10, hook + 60, thread=thread)
        builder.kernel("add", hook + 240, hook + 265, launch_ns=hook + 20, thread=thread)
        builder.annotation("Optimizer.zero_grad#SGD.zero_grad", hook + 60, hook + 80, thread=thread)
        builder.memset(hook + 270, hook + 275, launch_ns=hook + 70)
    return builder


def test_an_optimizer_in_the_backward_pass_is_seen(analyse):
    analysis = analyse(optimizer_in_backward(TraceBuilder().step(0, 1000), 0))
    assert mean(analysis) == {"forward": 100, "backward": 200, "optimizer": 50, "zero_grad": 10}


def test_an_optimizer_in_the_backward_pass_does_not_make_autograds_thread_the_main_one(tmp_path):
    builder = optimizer_in_backward(TraceBuilder(), 0)
    trace = read(builder.write(tmp_path / "trace.json"))
    main = Timeline(trace).all_steps.main_thread
    assert trace.threads[main] == (MAIN_THREAD, MAIN_THREAD)


def ranged_step(at=0, *, names=("## forward ##", "## backward ##", "## optimizer ##")):
    """Nothing but kernels of 200, 300 and 50 and the program's own ranges around their launches."""
    builder = TraceBuilder().step(at, at + 1000)
    builder.operator("aten::linear", at + 20, at + 60)
    for name, start, end in zip(names, (10, 290, 695), (110, 370, 755), strict=True):
        builder.annotation(name, at + start, at + end)
    builder.kernel("sgemm_tn", at + 40, at + 240, launch_ns=at + 30)
    builder.kernel("sgemm_nt", at + 320, at + 620, launch_ns=at + 310)
    return builder.kernel("adam", at + 720, at + 770, launch_ns=at + 710)


@pytest.mark.parametrize(
    "names",
    [
        ("## forward ##", "## backward ##", "## optimizer ##"),
        ("FORWARD", "BACKWARD", "Optimizer_Step"),
        ("Forward 3", "Backward 3", "optim-step"),
        ("forward-compute", "backward-compute", "optimizer"),
        ("DeepSpeedEngine.forward", "DeepSpeedEngine.backward", "DeepSpeedEngine.step"),
        (
            "[pl][profile][Strategy]DDPStrategy.training_step",
            "[pl][profile][Strategy]DDPStrategy.backward",
            "[pl][profile][LightningModule]GPT.optimizer_step",
        ),
    ],
)
def test_ranges_of_the_program_tell_the_phases_that_torch_did_not_mark(analyse, names):
    analysis = analyse(ranged_step(names=names))
    assert mean(analysis) == {"forward": 200, "backward": 300, "optimizer": 50}
    (said,) = (remark for remark in analysis.remarks if "the program calls" in remark)
    for phase, name in zip(("forward", "backward", "optimizer"), names, strict=True):
        assert f"{phase} is what the program calls '{name}'" in said


@pytest.mark.parametrize(
    "names",
    [
        ("forward_hook", "backward_prefetch", "optimizer_state_dict"),
        ("## item_forward ##", "## op1.backward ##", "step"),
        ("FullyShardedDataParallel._pre_forward", "FSDP::post_backward_hook", "after_optimizer"),
        ("[pl][profile]run_training_batch", "[pl][profile][Callback]X.on_after_backward", "train"),
    ],
)
def test_a_range_that_merely_has_a_phase_in_its_name_is_none(analyse, names):
    analysis = analyse(ranged_step(names=names))
    assert mean(analysis) == {"unattributed": 550}
    assert not [remark for remark in analysis.remarks if "the program calls" in remark]


def test_what_torch_marks_is_not_told_by_the_program(analyse):
    """The loader's range begins later, the program's optimizer ends later: torch's count."""
    builder = ranged_step(names=("## forward ##", "## backward ##", "## optimizer ##"))
    builder.annotation("Optimizer.step#Adam.step", 690, 705)
    analysis = analyse(builder)
    assert mean(analysis) == {"forward": 200, "backward": 300, "unattributed": 50}
    (said,) = (remark for remark in analysis.remarks if "the program calls" in remark)
    assert "optimizer" not in said


def test_many_ranges_of_one_phase_are_not_all_listed(analyse):
    builder = ranged_step()
    for number in range(5):
        builder.annotation(f"forward {number}", 120 + number, 121 + number)
    (said,) = (remark for remark in analyse(builder).remarks if "the program calls" in remark)
    assert "forward is what the program calls '## forward ##', 'forward 0', 'forward 1'" in said
    assert "and 3 more, backward" in said


def test_a_forward_pass_whose_backward_pass_was_not_recorded(analyse):
    """The window ends between them: autograd's own numbers tell what made nodes."""
    builder = TraceBuilder().step(0, 1000)
    builder.operator("aten::linear", 20, 60, sequence=4).kernel("a", 40, 140, launch_ns=30)
    builder.operator(EVALUATE, 70, 90, thread=AUTOGRAD_THREAD, sequence=4)
    builder.kernel("b", 140, 340, launch_ns=80, thread=AUTOGRAD_THREAD)
    builder.annotation("Optimizer.step#SGD.step", 100, 140)
    builder.annotation("enumerate(DataLoader)#_Iter.__next__", 150, 160)
    builder.operator("aten::to", 170, 180, sequence=5).kernel("cast", 340, 345, launch_ns=175)
    builder.operator("aten::linear", 200, 260, sequence=5).kernel("c", 350, 400, launch_ns=210)
    builder.operator("aten::relu", 270, 280, sequence=6).kernel("d", 400, 430, launch_ns=275)
    builder.operator("aten::argmax", 290, 300, sequence=7).kernel("e", 430, 437, launch_ns=295)
    analysis = analyse(builder)
    # The cast came before the first node, and argmax made none: neither is in the pass.
    forward_ns, outside_ns = 100 + 50 + 30, 5 + 7
    assert mean(analysis) == {
        "forward": forward_ns, "backward": 200, "unattributed": outside_ns,
    }  # fmt: skip
    assert [remark for remark in analysis.remarks if "not their backward passes" in remark]


def test_data_pipes_load_data(analyse):
    builder = TraceBuilder().step(0, 100)
    builder.annotation("enumerate(DataPipe)#BatcherIterDataPipe", 0, 30)
    analysis = analyse(builder.operator("aten::mm", 40, 50))
    assert mean(analysis) == {"data_loading": 30, "unattributed": 70}
    assert analysis.host[0].data_loading_ns == 30


def test_a_range_around_the_whole_step_is_no_operator_of_the_forward_pass(tmp_path):
    """Before 2022 it was listed among them, and the pass would have begun where it does."""
    builder = TraceBuilder().step(0, 1000).operator("train_step", 0, 900)
    builder.kernel("cast", 10, 20, launch_ns=5)
    builder.operator("aten::mm", 100, 200, sequence=3).kernel("gemm", 120, 220, launch_ns=110)
    builder.operator("MmBackward", 300, 400, thread=AUTOGRAD_THREAD, sequence=3, forward_thread=1)
    builder.kernel("gemm", 320, 520, launch_ns=310, thread=AUTOGRAD_THREAD)
    analysis = analyze(read(builder.write(tmp_path / "trace.json")))
    assert mean(analysis) == {"forward": 100, "backward": 200, "unattributed": 10}


def test_own_phases_stay_alone(analyse):
    builder = ranged_step().phase(Phase.FORWARD, 10, 110)
    assert mean(analyse(builder)) == {"forward": 200, "unattributed": 350}


def test_forward_passes_that_are_never_gone_back_to_end_where_the_loader_begins(analyse):
    """Inference with gradients enabled, as a trace without steps."""
    builder = TraceBuilder()
    for at, sequence in ((0, 0), (1000, 2)):
        builder.annotation("enumerate(DataLoader)#_Iter.__next__", at, at + 100)
        builder.operator("aten::linear", at + 200, at + 300, sequence=sequence)
        builder.kernel("gemm", at + 300, at + 400, launch_ns=at + 250)
        builder.operator("aten::relu", at + 300, at + 310, sequence=sequence + 1)
        builder.kernel("relu", at + 400, at + 450, launch_ns=at + 305)
        builder.kernel("argmax", at + 500, at + 510, launch_ns=at + 400)
    builder.operator("aten::sub", 2000, 2010, sequence=4)
    analysis = analyse(builder)
    assert mean(analysis) == {"forward": 300, "unattributed": 20, "data_loading": 200}
    assert Category.BACKWARD in analysis.breakdown.mean.not_measured
    assert [remark for remark in analysis.remarks if "not their backward passes" in remark]


def test_where_a_pass_is_gone_back_to_its_other_nodes_do_not_count(analyse):
    """Such as those of a metric, which nothing goes back to."""
    builder = TraceBuilder().step(0, 1000)
    builder.operator("aten::mul", 10, 20, sequence=3).kernel("metric", 30, 40, launch_ns=15)
    builder.operator("aten::linear", 100, 150, sequence=4).kernel("a", 150, 250, launch_ns=120)
    builder.operator(EVALUATE, 200, 240, thread=AUTOGRAD_THREAD, sequence=4)
    builder.operator("aten::add", 300, 310, sequence=5)
    analysis = analyse(builder)
    assert mean(analysis) == {"forward": 100, "unattributed": 10}
    assert not [remark for remark in analysis.remarks if "not their backward passes" in remark]

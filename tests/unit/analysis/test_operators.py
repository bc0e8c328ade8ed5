"""Host operators by what they do."""

import pytest

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.operators import operator_class
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::mkldnn_convolution", KernelClass.CONV),
        ("aten::convolution_backward", KernelClass.CONV),
        ("aten::addmm", KernelClass.GEMM),
        ("aten::mkldnn_linear_backward_input", KernelClass.GEMM),
        ("aten::_scaled_dot_product_flash_attention_for_cpu", KernelClass.ATTENTION),
        ("aten::native_layer_norm_backward", KernelClass.NORM),
        ("aten::linalg_vector_norm", KernelClass.REDUCTION),
        ("aten::_log_softmax", KernelClass.REDUCTION),
        ("aten::_to_copy", KernelClass.CAST),
        ("aten::copy_", KernelClass.MEMORY),
        ("aten::gelu_backward", KernelClass.ELEMENTWISE),
        ("aten::threshold_backward", KernelClass.ELEMENTWISE),
        ("aten::view", None),
        ("aten::empty_strided", None),
        ("AddmmBackward0", None),
    ],
)
def test_classes(name, kind):
    assert operator_class(name) is kind


def test_the_innermost_operator_of_the_passes_has_the_time(tmp_path):
    builder = TraceBuilder()
    for at in (0, 1000):
        builder.step(at, at + 1000)
        builder.phase(Phase.FORWARD, at, at + 400).phase(Phase.BACKWARD, at + 400, at + 900)
        builder.phase(Phase.OPTIMIZER, at + 900, at + 1000)
        builder.operator("aten::linear", at + 100, at + 300)
        builder.operator("aten::_to_copy", at + 110, at + 140)
        builder.operator("aten::empty", at + 150, at + 160)
        builder.operator(
            "autograd::engine::evaluate_function: X", at + 450, at + 800, thread=AUTOGRAD_THREAD
        )
        builder.operator("aten::convolution_backward", at + 500, at + 700, thread=AUTOGRAD_THREAD)
        builder.operator("aten::mm", at + 500, at + 600, thread=999)
        builder.operator("aten::add_", at + 920, at + 990)
    mean = break_down(Timeline(read(builder.write(tmp_path / "trace.json")))).mean
    assert mean.operator_ns == {"gemm": 170, "cast": 30, "conv": 200}
    assert mean.host_bound_ns == {}


def test_waits_for_the_host_are_told_by_its_phase(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    builder.phase(Phase.FORWARD, 0, 300).phase(Phase.OPTIMIZER, 500, 1000)
    builder.kernel("gemm", 200, 600, launch_ns=100)
    mean = break_down(Timeline(read(builder.write(tmp_path / "trace.json")))).mean
    assert mean.host_bound_ns == {"forward": 200, "optimizer": 400}
    assert sum(mean.host_bound_ns.values()) == mean.by_category_ns[Category.HOST_BOUND]
    assert mean.operator_ns == {}

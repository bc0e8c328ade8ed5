"""Why a category is not measured: one reason for all that lack it alike."""

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

OF_TRAINING = {"backward", "grad_scaling", "grad_clipping", "optimizer", "zero_grad"}


def reasons(builder, folder):
    """Return the categories by their reason."""
    mean = break_down(Timeline(read(builder.write(folder / "trace.json")))).mean
    by_reason = {}
    for category, reason in mean.not_measured.items():
        by_reason.setdefault(reason, set()).add(category.value)
    return by_reason


def forward():
    """One step of a model that is asked and not trained."""
    builder = TraceBuilder().step(0, 1000).operator("aten::linear", 100, 300)
    return builder.kernel("gemm", 200, 600, launch_ns=150)


def test_what_only_training_has_lacks_for_one_reason(tmp_path):
    told = reasons(forward(), tmp_path)
    assert told["no training seen in this trace"] == OF_TRAINING
    assert len(told) <= 3


def test_a_trace_that_trains_says_what_it_lacks_one_by_one(tmp_path):
    builder = forward().annotation("Optimizer.step#SGD.step", 700, 900)
    told = reasons(builder, tmp_path)
    assert "no training seen in this trace" not in told
    assert told["not annotated by torch"] == {"grad_scaling", "grad_clipping"}
    assert told["no backward pass in this trace"] == {"backward"}
    assert Category.OPTIMIZER.value not in set().union(*told.values())


def test_without_a_device_all_that_is_of_one_lacks_for_one_reason(tmp_path):
    told = reasons(TraceBuilder().step(0, 1000).operator("aten::linear", 100, 300), tmp_path)
    of_a_device = {"h2d_copy", "other_copy", "host_bound", "queued", "sync"}
    assert told["no accelerator in this trace"] == of_a_device

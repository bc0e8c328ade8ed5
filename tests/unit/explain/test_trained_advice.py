"""What `advise` promises of passes and updates: nothing of what a trace does not hold."""

import pytest

from annt_prof.analysis.breakdown.fused_update import fused_update
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.explain.advice import advise, machine_of_trace
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

US = 1000
PRODUCT = "ampere_sgemm_128x64_nn"
_TENSORS = "at::native::(anonymous namespace)::"
FUSED = (
    f"void {_TENSORS}multi_tensor_apply_kernel<{_TENSORS}FusedOptimizerTensorListMetadata<4>, "
    f"{_TENSORS}FusedAdamMathFunctor<float, 4, (at::native::ADAM_MODE)1, false> >"
)
FOREACH = (
    f"void {_TENSORS}multi_tensor_apply_kernel<{_TENSORS}TensorListMetadata<1>, "
    f"{_TENSORS}BinaryOpScalarFunctor<float, 1, 1, 0>, std::plus<float>, float>"
)
APEX = "void multi_tensor_apply_kernel<TensorListMetadata<4>, AdamFunctor<float, float, int> >"


def trained(*kernels, step="Optimizer.step#AdamW.step"):
    """A step whose update, in torch's range, is the kernels, each with its length in us."""
    builder = TraceBuilder().step(0, 1000 * US).phase(Phase.FORWARD, 0, 100 * US)
    builder.phase(Phase.BACKWARD, 100 * US, 300 * US)
    builder.kernel(PRODUCT, 50 * US, 90 * US, launch_ns=40 * US)
    builder.annotation(step, 500 * US, 900 * US).phase(Phase.OPTIMIZER, 500 * US, 900 * US)
    for place, (name, length_us) in enumerate(kernels):
        at_ns = (510 + 100 * place) * US
        builder.kernel(name, at_ns + 9 * US, at_ns + (9 + length_us) * US, launch_ns=at_ns)
    return builder


def advised(builder, folder):
    trace = read(builder.write(folder / "trace.json"))
    evidence = evidence_of_trace(trace)
    return {told.name: told for told in advise(evidence, machine_of_trace(trace, evidence))}


@pytest.mark.parametrize(
    "builder",
    [
        trained((FUSED, 80)),
        trained((FOREACH, 2), (FUSED, 80)),  # counts the steps
        trained((APEX, 80), step="Optimizer.step#FusedAdam.step"),
    ],
)
def test_an_update_that_is_fused_can_not_be_fused(builder, tmp_path):
    told = advised(builder, tmp_path)["fused_optimizer"]
    assert (told.low_ns, told.high_ns) == (0, 0)
    assert told.basis == "nothing: the optimizer's kernels are fused already"


@pytest.mark.parametrize("kernels", [[(FOREACH, 80)], [(FUSED, 40), (FOREACH, 40)], []])
def test_an_update_of_other_kernels_may_gain(kernels, tmp_path):
    trace = read(trained(*kernels).write(tmp_path / "trace.json"))
    assert not fused_update(Timeline(trace))
    if kernels:
        assert advised(trained(*kernels), tmp_path)["fused_optimizer"].high_ns > 0


def test_what_trains_nothing_has_no_cost_of_training(tmp_path):
    """A forward pass alone: nothing is computed again, updated, accumulated or clipped."""
    builder = TraceBuilder().step(0, 1000 * US)
    builder.annotation("forward", 0, 900 * US).kernel(PRODUCT, 50 * US, 90 * US, launch_ns=40 * US)
    builder.operator("aten::linear", 30 * US, 60 * US)
    advice = advised(builder, tmp_path)
    for name in (
        "activation_checkpointing",
        "fused_optimizer",
        "gradient_accumulation",
        "gradient_clipping",
        "set_to_none",
    ):
        assert advice[name].low_ns is None
        assert advice[name].basis == "this step does not tell"

"""Which names of ranges are those of a phase."""

import pytest

from annt_prof.analysis.timeline.program_ranges import phase_of_range
from annt_prof.categories import Phase


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("## forward ##", Phase.FORWARD),  # HolisticTraceAnalysis, torchrec
        ("Forward 12", Phase.FORWARD),  # torch.distributed.pipelining
        ("forward_pass", Phase.FORWARD),
        ("forward-compute", Phase.FORWARD),  # Megatron-LM
        ("[pl][profile]model_forward", Phase.FORWARD),  # Lightning before 1.5
        ("BACKWARD", Phase.BACKWARD),
        ("loss.backward()", Phase.BACKWARD),
        ("[pl][profile][Strategy]FSDPStrategy.backward", Phase.BACKWARD),
        ("[pl][profile][_TrainingEpochLoop].train_dataloader_next", Phase.DATA_LOADING),
        ("data_loading", Phase.DATA_LOADING),
        ("## next_batch ##", Phase.DATA_LOADING),
        ("clip-grads", Phase.GRAD_CLIPPING),  # fairseq
        ("[pl][profile][LightningModule]GPT.configure_gradient_clipping", Phase.GRAD_CLIPPING),
        ("unscale_", Phase.GRAD_SCALING),
        ("optimizer.step()", Phase.OPTIMIZER),
        ("DeepSpeedEngine.step", Phase.OPTIMIZER),
        ("zero_grad", Phase.ZERO_GRAD),
    ],
)
def test_all_words_together_are_the_name_of_a_phase(name, phase):
    assert phase_of_range(name) is phase


@pytest.mark.parametrize(
    "name",
    [
        "",
        "##",
        "42",
        "step",
        "loss",
        "train_step",
        "forward_hook",
        "forward_backward",
        "forward-backward",
        "item_forward",
        "backward_prefetch",
        "FSDP::post_backward_hook",
        "optimizer_state_dict",
        "Optimizer.step#SGD.step",  # torch's own, which is told apart from these
        "dataloader_workers",
        "[pl][profile]run_training_batch",
        "[pl][profile][Strategy]DDPStrategy.validation_step",
        "[pl][module]torch.nn.modules.linear.Linear: forward",
        "execute_context_1(8)_generation_4(4)",
    ],
)
def test_anything_else_is_no_phase(name):
    assert phase_of_range(name) is None

"""Ranges that a program put around the phases of its own step, told by their whole names.

A name counts when all of its words together are the name of a phase, whatever stands between and
around them: ``## forward ##``, ``forward_pass``, ``Backward 3``, ``[optimizer] step``. A name that
merely has such a word in it says something else (``forward_hook``, ``backward_prefetch``,
``item_forward``) and does not count.
"""

from __future__ import annotations

import re

from annt_prof.categories import Phase

# Source of the words: the training examples of HolisticTraceAnalysis and torchrec's train
# pipelines (## forward ##), torch.distributed.pipelining (Forward 3), fairseq (clip-grads),
# Megatron-LM (forward-compute), DeepSpeed (DeepSpeedEngine.step), and scripts that are public.
_NAMES = {
    Phase.DATA_LOADING: """
        data loading, dataloading, data load, dataload, load data, loading data, data loader,
        dataloader, data fetch, data fetching, fetch data, load batch, fetch batch, get batch,
        next batch, batch loading""",
    Phase.FORWARD: """
        forward, forward pass, forward step, forward compute, model forward, fwd, fwd pass,
        deepspeedengine forward""",
    Phase.BACKWARD: """
        backward, backward pass, backward step, backward compute, model backward, loss backward,
        backwards, bwd, bwd pass, backprop, backpropagation, deepspeedengine backward""",
    Phase.GRAD_SCALING: "grad scaling, gradient scaling, unscale, unscale grads",
    Phase.GRAD_CLIPPING: """
        grad clipping, gradient clipping, grad clip, clip grad, clip grads, clip gradients,
        clip grad norm, gradient clip""",
    Phase.OPTIMIZER: """
        optimizer, optimizer step, optim, optim step, opt step, optimizer update,
        deepspeedengine step""",
    Phase.ZERO_GRAD: "zero grad, zero grads, zero gradients, zerograd, optimizer zero grad",
}
_PHASE_OF_WORDS = {
    " ".join(name.split()): phase for phase, names in _NAMES.items() for name in names.split(",")
}
# "[pl][profile][Strategy]DDPStrategy.backward": who acts and, behind the last dot, what it does.
# Source: lightning/pytorch/profilers/pytorch.py, trainer/call.py and loops/.
_LIGHTNING = "[pl][profile]"
_PHASE_OF_LIGHTNING_ACTION = {
    "train_dataloader_next": Phase.DATA_LOADING,
    "get_train_batch": Phase.DATA_LOADING,
    "training_step": Phase.FORWARD,
    "model_forward": Phase.FORWARD,
    "backward": Phase.BACKWARD,
    "model_backward": Phase.BACKWARD,
    "configure_gradient_clipping": Phase.GRAD_CLIPPING,
    "optimizer_step": Phase.OPTIMIZER,
    "optimizer_zero_grad": Phase.ZERO_GRAD,
}
_BETWEEN_WORDS = re.compile(r"[\W_\d]+")


def phase_of_range(name: str) -> Phase | None:
    """Return the phase that a range's name is the name of, or None."""
    if name.startswith(_LIGHTNING):
        return _PHASE_OF_LIGHTNING_ACTION.get(re.split(r"[.\]]", name)[-1])
    return _PHASE_OF_WORDS.get(_BETWEEN_WORDS.sub(" ", name).strip().casefold())

"""The training step: the only place where one is written down.

Techniques never wrap or copy it. They edit the ``TrainingSetup`` it is built from.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from annt_prof.categories import Phase
from annt_prof.loop.batches import Batches
from annt_prof.windows.phases import unmarked
from annt_prof.workload.assembly import (
    make_batches,
    make_model,
    make_optimizer,
    make_schedule,
    set_flags,
)
from annt_prof.workload.attention import attention_kernel, refuse_without_kernel
from annt_prof.workload.first_batch import first_inputs
from annt_prof.workload.graphs import capture, keep_gradients
from annt_prof.workload.unchanged import buffers_unchanged, random_numbers_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.techniques.setup import TrainingSetup
    from annt_prof.windows.phases import PhaseMarker


_IMAGE_DIMENSIONS = 4


class Loop:
    """The objects a step works on, built once from a finished setup.

    Args:
        setup: After every technique has edited it; read-only from here on.
        seed: Of the order of the samples.

    Attributes:
        iterations: Done so far.
    """

    def __init__(self, setup: TrainingSetup, seed: int) -> None:
        self.setup = setup
        set_flags(setup.flags)
        setup.model.train()
        self.model = make_model(setup)
        self.batches = Batches(make_batches(setup, seed))
        self.optimizer = make_optimizer(setup.optimizer, setup.model)
        self.scaler = torch.amp.GradScaler(setup.device.type, enabled=setup.grad_scaling)
        self.schedule = make_schedule(
            setup.schedule, self.optimizer, self.batches.per_epoch, setup.accumulation
        )
        self.iterations = 0
        if setup.attention is not None:
            self._refuse_without_kernel()
        if setup.cuda_graphs:
            self.model = self._captured()
        if setup.replays and setup.gradients_outlive_a_replay:
            keep_gradients(setup.model)
        # A fused optimizer unscales inside its own kernel; unscaling before it would be measured
        # as work that such a training does not do.
        self.unscales_itself = bool(setup.optimizer.arguments.get("fused"))

    def autocast(self, *, around_backward: bool) -> AbstractContextManager[Any]:
        """Autocast as declared: around forward alone, or around forward and backward."""
        declared = self.setup.autocast
        if declared is None or declared.covers_backward is not around_backward:
            return nullcontext()
        return torch.autocast(
            self.setup.device.type,
            dtype=declared.dtype,
            cache_enabled=not self.setup.cuda_graphs,
        )

    def attention(self) -> AbstractContextManager[Any]:
        """The kernel of scaled dot-product attention as declared."""
        return attention_kernel(self.setup.attention)

    def arranged(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return a batch on the device as the model takes it."""
        if self.setup.batch_transform is not None:
            inputs = self.setup.batch_transform(inputs)
        if self.setup.channels_last and inputs.dim() == _IMAGE_DIMENSIONS:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return inputs

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits, shape (batch, classes), as the setup declares the pass."""
        return self.model(self.arranged(inputs))

    def _probe(self) -> torch.Tensor:
        """Return a batch as the model takes it, made before any loader runs."""
        return self.arranged(first_inputs(self.setup).to(self.setup.device))

    def _refuse_without_kernel(self) -> None:
        """Run the eager model forward once, with the declared attention kernel.

        Raises:
            UserError: The kernel does not take this model's attention.
        """
        setup = self.setup

        def run() -> None:
            with self.autocast(around_backward=True), self.autocast(around_backward=False):
                setup.model(inputs)

        with buffers_unchanged(setup.model), random_numbers_unchanged(setup.device):
            inputs = self._probe()
            refuse_without_kernel(str(setup.attention), setup.device, run)

    def _captured(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return the model's captured passes, in the contexts that a step runs it in."""
        with random_numbers_unchanged(self.setup.device):
            inputs = self._probe()
        with (
            self.autocast(around_backward=True),
            self.autocast(around_backward=False),
            self.attention(),
        ):
            return capture(self.setup.model, self.model, inputs)

    def next_group(self) -> int:
        """Iterations that the next optimizer step closes.

        It is the accumulation, or what is left of the epoch where that is less.
        """
        return min(self.setup.accumulation, self.batches.remaining)

    def upcoming_groups(self, *iterations: int) -> list[list[int]]:
        """The sizes of the next groups, in iterations: as many as hold each of these numbers."""
        remaining, groups = self.batches.remaining, []
        for number in iterations:
            sizes: list[int] = []
            while sum(sizes) < number:
                sizes.append(min(self.setup.accumulation, remaining))
                remaining = remaining - sizes[-1] or self.batches.per_epoch
            groups.append(sizes)
        return groups


def optimizer_step(
    loop: Loop,
    phase: PhaseMarker = unmarked,
    after_iteration: Callable[[], None] | None = None,
) -> int:
    """Run one optimizer step: its iterations, then one parameter update.

    Args:
        loop: What to train.
        phase: Brackets each phase, for the profiler.
        after_iteration: Called as each iteration ends, the last one after the update.

    Returns:
        The number of iterations.
    """
    group = loop.next_group()
    for index in range(group):
        _forward_backward(loop, group, phase)
        if index == group - 1:
            _update(loop, phase)
        _advance_schedule(loop, updated=index == group - 1)
        loop.iterations += 1
        if after_iteration is not None:
            after_iteration()
    return group


def _forward_backward(loop: Loop, group: int, phase: PhaseMarker) -> None:
    setup = loop.setup
    with phase(Phase.DATA_LOADING):
        inputs, targets = next(loop.batches)
    with phase(Phase.H2D_COPY):
        inputs = inputs.to(setup.device, non_blocking=setup.non_blocking)
        targets = targets.to(setup.device, non_blocking=setup.non_blocking)
    # Blocks that compute their activations again do so in the backward pass, and must find the
    # kernel that the forward pass had.
    with loop.autocast(around_backward=True), loop.attention():
        with phase(Phase.FORWARD), loop.autocast(around_backward=False):
            loss = setup.criterion(loop.forward(inputs), targets)
            if group > 1:
                loss = loss / group
        with phase(Phase.BACKWARD):
            loop.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]


def _update(loop: Loop, phase: PhaseMarker) -> None:
    clipping = loop.setup.clipping
    if loop.setup.grad_scaling and (clipping is not None or not loop.unscales_itself):
        with phase(Phase.GRAD_SCALING):
            loop.scaler.unscale_(loop.optimizer)
    if clipping is not None:
        with phase(Phase.GRAD_CLIPPING):
            parameters = loop.setup.model.parameters()
            if clipping.kind == "norm":
                torch.nn.utils.clip_grad_norm_(parameters, clipping.limit)
            else:
                torch.nn.utils.clip_grad_value_(parameters, clipping.limit)
    with phase(Phase.OPTIMIZER):
        loop.scaler.step(loop.optimizer)
    if loop.setup.grad_scaling:
        with phase(Phase.GRAD_SCALING):
            loop.scaler.update()
    with phase(Phase.ZERO_GRAD):
        loop.optimizer.zero_grad(set_to_none=loop.setup.set_to_none)


def _advance_schedule(loop: Loop, *, updated: bool) -> None:
    if loop.schedule is None:
        return
    every = loop.setup.schedule.step_every
    epoch_ended = loop.batches.remaining == loop.batches.per_epoch
    if (
        every == "iteration"
        or (every == "optimizer_step" and updated)
        or (every == "epoch" and epoch_ended)
    ):
        loop.schedule.step()

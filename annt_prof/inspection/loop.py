"""The training loop as its calls show it: iterations, updates, and what runs inside torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


class Loop:
    """Tells the other watchers where in its loop the script is.

    Attributes:
        iterations: Backward passes so far. One that torch starts inside another, as reentrant
            checkpointing does, is part of the outer one.
        on_device: Whether a loss was anywhere but on the host's CPU.
        before_backward: Called as a backward pass begins.
        after_update: Called with an optimizer after its ``step``, or after a scaler's ``step``
            that left the parameters as they were because a gradient overflowed.
    """

    def __init__(self) -> None:
        self.iterations = 0
        self.on_device = False
        self.before_backward: list[Callable[[], None]] = []
        self.after_update: list[Callable[[torch.optim.Optimizer], None]] = []
        self._stepping: set[int] = set()

    def install(self) -> None:
        """Wrap what tells."""
        import torch
        from torch.optim.optimizer import (
            register_optimizer_step_post_hook,
            register_optimizer_step_pre_hook,
        )

        wrap(torch.autograd, "backward", before=self._backward)
        register_optimizer_step_pre_hook(self._enter)
        register_optimizer_step_post_hook(self._leave)
        scaler = torch.amp.GradScaler
        wrap(scaler, "step", before=self._enter_scaler, after=self._leave_scaler_step)
        wrap(scaler, "update", before=self._enter_scaler, after=self._leave_scaler)

    def in_update(self) -> bool:
        """Tell whether an optimizer or a gradient scaler is at work."""
        return bool(self._stepping)

    def _backward(self, tensors: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401
        if in_backward():
            return
        self.iterations += 1
        self.on_device |= _begins_on_device(tensors)
        for note in self.before_backward:
            note()

    def _enter(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:  # noqa: ANN401
        import torch

        if not torch.compiler.is_compiling():
            self._stepping.add(id(optimizer))

    def _leave(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:  # noqa: ANN401
        import torch

        if not torch.compiler.is_compiling():
            self._stepping.discard(id(optimizer))
            self._updated(optimizer)

    def _enter_scaler(self, scaler: torch.amp.GradScaler, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self._stepping.add(id(scaler))

    def _leave_scaler(self, _: Any, scaler: torch.amp.GradScaler, *__: Any, **___: Any) -> None:  # noqa: ANN401
        self._stepping.discard(id(scaler))

    def _leave_scaler_step(
        self,
        _: Any,  # noqa: ANN401
        scaler: torch.amp.GradScaler,
        optimizer: torch.optim.Optimizer,
        *__: Any,  # noqa: ANN401
        **___: Any,  # noqa: ANN401
    ) -> None:
        self._stepping.discard(id(scaler))
        # One that is disabled hands over to the optimizer, whatever that is.
        if scaler.is_enabled():
            self._updated(optimizer)

    def _updated(self, optimizer: torch.optim.Optimizer) -> None:
        for note in self.after_update:
            note(optimizer)


class Recurrence:
    """Counts the iterations in which something happened, however often in each.

    Attributes:
        iterations: With at least one occurrence.
    """

    def __init__(self, loop: Loop) -> None:
        self.iterations = 0
        self._loop = loop
        self._last = -1

    def note(self) -> None:
        """It happened."""
        if self._last != self._loop.iterations:
            self._last = self._loop.iterations
            self.iterations += 1


def _begins_on_device(roots: object) -> bool:
    """Tell whether a backward pass has a tensor on a device among its roots.

    A root may be an edge of the graph too, and a generator of them is not for us to consume.
    """
    import torch

    all_roots = roots if isinstance(roots, list | tuple) else (roots,)
    return any(isinstance(root, torch.Tensor) and on_device(root) for root in all_roots)


def in_backward() -> bool:
    """Tell whether the autograd engine runs this thread's code."""
    import torch

    return torch._C._current_graph_task_id() != -1


def on_device(tensor: torch.Tensor) -> bool:
    """Tell whether a tensor lies anywhere but in the host's memory."""
    return tensor.device.type != "cpu"

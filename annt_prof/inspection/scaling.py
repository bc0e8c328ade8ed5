"""Gradient scalers: what each optimizer's gradients went through between two updates."""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from typing import TYPE_CHECKING, Any

from annt_prof.inspection.loop import on_device
from annt_prof.inspection.wrapping import replace_everywhere, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from annt_prof.inspection.loop import Loop


class Scaling:
    """Follows parameters, and through them optimizers, from backward pass to step.

    Which gradients are scaled is told at the step: a gradient that goes through a scaler's
    ``step`` was scaled. ``GradScaler`` itself keeps the stage of each optimizer, and subclasses
    keep it too, whatever they override.

    Attributes:
        clipped_while_scaled: Steps of gradients that had been clipped while they were scaled.
        steps_before_update: Optimizers handed to a scaler again before its update.
        absent_device_steps: Of scalers that are off for want of a device.
        waiting_steps: Steps that wait for the overflow flag, of optimizers on a device that could
            be fused and are not.
    """

    def __init__(self, loop: Loop) -> None:
        self.clipped_while_scaled = 0
        self.steps_before_update = 0
        self.absent_device_steps = 0
        self.waiting_steps = 0
        self._off: weakref.WeakSet[torch.amp.GradScaler] = weakref.WeakSet()
        self._clipped: set[int] = set()
        self._unscaled: set[int] = set()
        loop.after_update.append(self._updated)

    def install(self) -> None:
        """Wrap what tells."""
        import torch
        from torch.nn.utils import clip_grad

        wrap(torch.amp.GradScaler, "__init__", after=self._made)
        wrap(torch.amp.GradScaler, "step", before=self._step)
        wrap(torch.amp.GradScaler, "unscale_", before=self._unscale)
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            original = getattr(clip_grad, name)
            replace_everywhere(original, self._clipping(original))

    def _clipping(self, original: Any) -> Any:  # noqa: ANN401
        import torch

        @functools.wraps(original)
        def wrapper(parameters: Any, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
            if not torch.compiler.is_compiling():
                parameters, listed = _copied(parameters)
                self._clipped |= {id(parameter) for parameter in listed} - self._unscaled
            return original(parameters, *arguments, **keywords)

        return wrapper

    def _unscale(self, scaler: torch.amp.GradScaler, optimizer: torch.optim.Optimizer) -> None:
        if scaler.is_enabled():
            self._judge_stage(scaler, optimizer)
            self._unscaled |= _identities(optimizer)

    def _step(
        self,
        scaler: torch.amp.GradScaler,
        optimizer: torch.optim.Optimizer,
        *_: Any,  # noqa: ANN401
        **__: Any,  # noqa: ANN401
    ) -> None:
        if scaler.is_enabled():
            self._judge_stage(scaler, optimizer)
            self.waiting_steps += _waits(optimizer)
        elif scaler in self._off:
            self.absent_device_steps += 1

    def _made(
        self,
        _: None,
        scaler: torch.amp.GradScaler,
        device: str = "cuda",
        *arguments: Any,  # noqa: ANN401
        enabled: bool = True,
        **__: Any,  # noqa: ANN401
    ) -> None:
        # ``enabled`` is the fifth after the device. Source: torch.amp.GradScaler.
        asked = bool(arguments[4]) if len(arguments) > 4 else enabled
        if asked and device != "cpu" and not scaler.is_enabled():
            self._off.add(scaler)

    def _judge_stage(self, scaler: torch.amp.GradScaler, optimizer: torch.optim.Optimizer) -> None:
        from torch.amp.grad_scaler import OptState

        state = scaler._per_optimizer_states.get(id(optimizer), {"stage": OptState.READY})
        if state["stage"] is OptState.STEPPED:
            self.steps_before_update += 1
        if state["stage"] is OptState.READY:
            parameters = _identities(optimizer)
            self.clipped_while_scaled += bool(self._clipped & parameters)
            self._clipped -= parameters

    def _updated(self, optimizer: torch.optim.Optimizer) -> None:
        parameters = _identities(optimizer)
        self._clipped -= parameters
        self._unscaled -= parameters


def _copied(parameters: Any) -> tuple[Any, list[torch.Tensor]]:  # noqa: ANN401
    """Return an argument of the same kind and what it yields: a generator yields but once."""
    import torch

    if isinstance(parameters, torch.Tensor):
        return parameters, [parameters]
    listed = list(parameters)
    if isinstance(parameters, types.GeneratorType):
        return (parameter for parameter in listed), listed
    return listed, listed


def _parameters(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]


def _identities(optimizer: torch.optim.Optimizer) -> set[int]:
    return {id(parameter) for parameter in _parameters(optimizer)}


def _waits(optimizer: torch.optim.Optimizer) -> bool:
    """Tell an optimizer that could take the overflow flag on the device, and does not."""
    fusible = "fused" in inspect.signature(type(optimizer)).parameters
    takes_flag = getattr(optimizer, "_step_supports_amp_scaling", False)
    return fusible and not takes_flag and any(map(on_device, _parameters(optimizer)))

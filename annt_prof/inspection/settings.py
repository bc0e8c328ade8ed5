"""Modes and habits that slow an iteration down: flags, autocast, memory formats, empty_cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.inspection.loop import Recurrence
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    import torch

    from annt_prof.inspection.loop import Loop


class Settings:
    """Counts iterations under each mode, as their backward pass begins.

    Attributes:
        anomaly: Iterations with anomaly detection on.
        deterministic: With deterministic algorithms on.
        cudnn_deterministic: With cuDNN's own such flag on, and a device that it can act on.
        autocast: Whose backward pass began inside autocast.
        mixed_layouts: With a convolution of channels-last inputs by contiguous weights.
        emptying: With a call of ``empty_cache``.
        absent_device_autocasts: How often autocast was made for a device that is not there.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.anomaly = Recurrence(loop)
        self.deterministic = Recurrence(loop)
        self.cudnn_deterministic = Recurrence(loop)
        self.autocast = Recurrence(loop)
        self.mixed_layouts = Recurrence(loop)
        self.emptying = Recurrence(loop)
        self.absent_device_autocasts = 0
        loop.before_backward.append(self._backward)

    def install(self) -> None:
        """Wrap what tells."""
        import torch

        wrap(torch.cuda, "empty_cache", before=self.emptying.note)
        wrap(torch.amp.autocast_mode.autocast, "__init__", before=self._autocast)
        # Not __call__ or forward: torch.compile and torch.jit read those.
        wrap(torch.nn.Conv2d, "_call_impl", before=self._convolve)

    def _backward(self) -> None:
        import torch

        if torch.is_anomaly_enabled():
            self.anomaly.note()
        if torch.are_deterministic_algorithms_enabled():
            self.deterministic.note()
        if torch.backends.cudnn.deterministic and self._loop.on_device:
            self.cudnn_deterministic.note()
        if any(map(torch.is_autocast_enabled, ("cpu", "cuda"))):
            self.autocast.note()

    def _autocast(
        self,
        _: object,
        device_type: str = "cpu",
        _dtype: object = None,
        enabled: bool = True,
        *__: Any,  # noqa: ANN401
        **___: Any,  # noqa: ANN401
    ) -> None:
        import torch

        if enabled and device_type == "cuda" and not torch.cuda.is_available():
            self.absent_device_autocasts += 1

    def _convolve(self, module: torch.nn.Conv2d, *inputs: Any, **_: Any) -> None:  # noqa: ANN401
        if inputs and _is_mixed(module.weight, inputs[0]):
            self.mixed_layouts.note()


def _is_mixed(weight: torch.Tensor, images: object) -> bool:
    """Tell channels-last images from a weight that is laid out otherwise; 1x1 is both."""
    import torch

    if not isinstance(images, torch.Tensor) or images.dim() != weight.dim():
        return False
    last = torch.channels_last
    apart = images.is_contiguous(memory_format=last) and not images.is_contiguous()
    return apart and not weight.is_contiguous(memory_format=last)

"""Values of tensors that the host reads, which waits for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.inspection.copying import destination
from annt_prof.inspection.loop import Recurrence, on_device
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    import torch

    from annt_prof.inspection.loop import Loop

_READERS = (
    "item", "tolist", "__float__", "__int__", "__index__", "__bool__", "cpu", "numpy", "__repr__",
)  # fmt: skip


class Reading:
    """Counts iterations in which a tensor on a device was read.

    A tensor in the host's memory is read without waiting, and what an optimizer or a gradient
    scaler reads is not the script's doing.

    Attributes:
        seen: Those iterations.
    """

    def __init__(self, loop: Loop) -> None:
        self.seen = Recurrence(loop)
        self._loop = loop

    def install(self) -> None:
        """Wrap what tells."""
        import torch

        for name in _READERS:
            wrap(torch.Tensor, name, before=self._read)
        wrap(torch.Tensor, "to", before=self._to)

    def _to(self, tensor: torch.Tensor, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401
        device, non_blocking = destination(*arguments, **keywords)
        if device is not None and device.type == "cpu" and not non_blocking:
            self._read(tensor)

    def _read(self, tensor: torch.Tensor, *_: Any, **__: Any) -> None:  # noqa: ANN401
        if on_device(tensor) and not self._loop.in_update():
            self.seen.note()

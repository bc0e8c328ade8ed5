"""Copies from the host's memory to a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.inspection.loop import Recurrence, on_device
from annt_prof.inspection.stack import is_among, running_forward
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    import torch

    from annt_prof.inspection.loop import Loop


class Copying:
    """Counts iterations with copies that wait although nobody asked them to.

    Attributes:
        pageable: Iterations with a non-blocking copy from memory that is not pinned.
        in_forward: Iterations with a copy inside a module's forward pass, by the module's class.
            Moving the inputs of the outermost module is not counted: a batch has to get there.
    """

    def __init__(self, loop: Loop) -> None:
        self.pageable = Recurrence(loop)
        self.in_forward: dict[str, Recurrence] = {}
        self._loop = loop

    def install(self) -> None:
        """Wrap what tells."""
        import torch

        wrap(torch.Tensor, "to", before=self._to)
        wrap(torch.Tensor, "cuda", before=self._cuda)
        # Made of Python's or numpy's values, a tensor is filled on the host and copied.
        for name in ("tensor", "as_tensor"):
            wrap(torch, name, after=self._made)
        wrap(torch.Tensor, "new_tensor", after=self._made_like)

    def _to(self, tensor: torch.Tensor, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401
        device, non_blocking = destination(*arguments, **keywords)
        if device is not None and device.type != "cpu":
            self._copied(tensor, non_blocking)

    def _cuda(
        self,
        tensor: torch.Tensor,
        _device: object = None,
        non_blocking: bool = False,
        **__: Any,  # noqa: ANN401
    ) -> None:
        self._copied(tensor, non_blocking)

    def _copied(self, tensor: torch.Tensor, non_blocking: bool) -> None:
        if on_device(tensor):
            return
        pageable = not tensor.is_pinned()
        if non_blocking and pageable:
            self.pageable.note()
        if pageable or not non_blocking:
            self._note_forward(tensor)

    def _made(self, made: torch.Tensor, data: object = None, *_: Any, **__: Any) -> None:  # noqa: ANN401
        import torch

        if not on_device(made) or (isinstance(data, torch.Tensor) and on_device(data)):
            return
        self._note_forward(data)

    def _made_like(
        self,
        made: torch.Tensor,
        _like: torch.Tensor,
        data: object = None,
        *_: Any,  # noqa: ANN401
        **__: Any,  # noqa: ANN401
    ) -> None:
        self._made(made, data)

    def _note_forward(self, data: object) -> None:
        forward = running_forward()
        if forward is None or is_among(data, forward.inputs):
            return
        self.in_forward.setdefault(forward.module, Recurrence(self._loop)).note()


def destination(
    *arguments: Any,  # noqa: ANN401
    **keywords: Any,  # noqa: ANN401
) -> tuple[torch.device | None, bool]:
    """Return the device that ``Tensor.to`` would copy to, and whether without blocking.

    None stands for a change of type alone. Of ``to``'s positional flags the first is
    ``non_blocking``.
    """
    import torch

    device: torch.device | None = None
    for given in (*arguments, keywords.get("device"), keywords.get("other")):
        if isinstance(given, torch.Tensor):
            device = given.device
        elif isinstance(given, str | int | torch.device) and not isinstance(given, bool):
            device = torch.device(given)
    flags = [given for given in arguments if isinstance(given, bool)]
    return device, bool(flags[0] if flags else keywords.get("non_blocking", False))

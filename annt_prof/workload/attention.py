"""An attention kernel by name, and whether it takes what the model gives it."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch
import torch.nn.attention

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKENDS = {
    "flash": torch.nn.attention.SDPBackend.FLASH_ATTENTION,
    "efficient": torch.nn.attention.SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": torch.nn.attention.SDPBackend.CUDNN_ATTENTION,
    "math": torch.nn.attention.SDPBackend.MATH,
}
# Before its reasons, torch warns once for each kernel which one they are about.
# Source: aten/src/ATen/native/transformers/sdp_utils_cpp.cpp and cuda/sdp_utils.cpp.
_HEADINGS = {
    "flash": "Flash attention kernel not used because:",
    "efficient": "Memory efficient kernel not used because:",
    "cudnn": "cuDNN attention kernel not used because:",
}
_SIXTEEN_BITS = ("to all be of dtype", "takes 16-bit inputs only, as amp makes them")
_SHORTER = {
    ("cpu", "flash"): ("do not support non-zero dropout", "takes no dropout"),
    ("cuda", "flash"): _SIXTEEN_BITS,
    ("cuda", "cudnn"): _SIXTEEN_BITS,
}
_PLACES = {"cpu": "on a CPU", "cuda": "on a GPU"}


def attention_kernel(name: str | None) -> AbstractContextManager[object]:
    """Ask for a kernel of scaled dot-product attention, for the whole process.

    Args:
        name: ``flash``, ``efficient``, ``cudnn`` or ``math``; None lets torch choose.
    """
    return nullcontext() if name is None else torch.nn.attention.sdpa_kernel(_BACKENDS[name])


def refuse_without_kernel(name: str, device: torch.device, run: Callable[[], object]) -> None:
    """Run a pass with this kernel, and say why where it cannot have it.

    Args:
        name: Of the kernel.
        device: Where the pass runs.
        run: A forward pass of the model.

    Raises:
        UserError: The pass fails with this kernel and succeeds with one of torch's choice.
        Exception: What the pass raises with any kernel.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with attention_kernel(name):
                run()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            failure = error
        else:
            return
    run()
    reason = _reason(name, device.type, [str(warning.message) for warning in caught], failure)
    raise UserError(f"the {name} kernel {_PLACES[device.type]} {reason}", where="techniques.sdpa")


def _reason(name: str, device_type: str, warned: list[str], failure: RuntimeError) -> str:
    """Return torch's own reason, in fewer words where they are known."""
    told = _about(name, warned)
    theirs, ours = _SHORTER.get((device_type, name), ("", ""))
    if theirs and any(theirs in message for message in told):
        return ours
    said = (told or [str(failure)])[0].partition(" (Triggered internally")[0]
    return f"does not take this model's attention: {' '.join(said.split())}"


def _about(name: str, warned: list[str]) -> list[str]:
    """Return the warnings between the heading of this kernel and the next one."""
    told: list[str] = []
    here = False
    for message in warned:
        if message.startswith(tuple(_HEADINGS.values())):
            here = name in _HEADINGS and message.startswith(_HEADINGS[name])
        elif here:
            told.append(message)
    return told

"""Of which of torch's device types the accelerator of a trace is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.machine.machine import DeviceType
    from annt_prof.trace.columns import Trace

# As their makers call them in a trace's header; older drivers of NVIDIA's leave its name out.
_NVIDIA = re.compile(r"nvidia|tesla|geforce|quadro|titan|\bgrid\b", re.IGNORECASE)
_AMD = re.compile(r"\bamd\b|radeon|instinct|\bgfx\d", re.IGNORECASE)
_INTEL = re.compile(r"intel|data center gpu (max|flex)", re.IGNORECASE)
_MTIA = re.compile(r"\bmtia", re.IGNORECASE)
_CUDA_CALL, _HIP_CALL = re.compile(r"cuda|cu[A-Z]"), re.compile(r"hip")


_TYPES: tuple[tuple[re.Pattern[str], DeviceType], ...] = (
    (_NVIDIA, "cuda"),
    (_AMD, "cuda"),
    (_INTEL, "xpu"),
    (_MTIA, "mtia"),
)


def is_of_amd(trace: Trace) -> bool:
    """Tell whether it is a device of AMD's, which torch calls ``cuda`` too."""
    return bool(_AMD.search(_name(trace))) or _calls(trace, _HIP_CALL)


def type_of_device(trace: Trace) -> DeviceType:
    """Return the type of a trace's accelerator.

    The header's name tells, else whose runtime was called. A capability is told by NVIDIA's and
    AMD's headers alone. A recording that holds nothing of either is taken for one of CUDA.
    """
    name = _name(trace)
    for maker, device_type in _TYPES:
        if maker.search(name):
            return device_type
    if trace.compute_major is not None or _calls(trace, _CUDA_CALL) or _calls(trace, _HIP_CALL):
        return "cuda"
    return "other" if name or trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER).any() else "cuda"


def _name(trace: Trace) -> str:
    return trace.device_names[0] if trace.device_names else ""


def _calls(trace: Trace, of_maker: re.Pattern[str]) -> bool:
    """Tell whether a runtime's call bears a name of this maker's."""
    named = trace.names_where([of_maker.match(name) is not None for name in trace.names])
    return bool((named & trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)).any())

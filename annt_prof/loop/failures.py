"""An exception of a worker: what kind of loss it is, and the one line that tells a reader why."""

from __future__ import annotations

import errno
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.workers.messages import LossKind

# Everything but torch's own allocator reports that memory has run out as a RuntimeError, which
# only its words tell from others.
# Source: c10/core/impl/alloc_cpu.cpp; c10/cuda/CUDAException.cpp with cudaGetErrorString;
# aten/src/ATen/cuda/CUDABlas.cpp, CUDAContextLight.h and Exceptions.h for the libraries' names;
# cudnnStatus_t of cuDNN 9; triton/backends/nvidia/driver.py; torch._inductor.exc.InductorError,
# which quotes the allocator's words.
_EXHAUSTED = (
    "DefaultCPUAllocator",
    "CUDA error: out of memory",
    "CUDA out of memory",
    "HIP error: out of memory",
    "HIP out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "CUSOLVER_STATUS_ALLOC_FAILED",
    "CUSPARSE_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
    "Triton Error [CUDA]: out of memory",
)

# Source: torch._utils.ExceptionWrapper.reraise; the place is a loader process or the thread that
# pins memory.
_CARRIED = re.compile(r"Caught (?P<name>\S+) (?P<where>.+)\.\nOriginal (?P<text>.*)", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):"
# Source: torch.utils.data.dataloader, _MultiProcessingDataLoaderIter._try_get_data. Which signal
# it was stands in the exception that this one was raised from.
_LOADERS_LOST = "DataLoader worker (pid(s) "


def kind(error: Exception) -> LossKind:
    """Tell a variant that ran out of memory from one that crashed."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return "out_of_memory"
    if isinstance(error, OSError):
        return "out_of_memory" if error.errno == errno.ENOMEM else "crashed"
    told = _carried(error) or str(error)
    exhausted = isinstance(error, RuntimeError) and any(words in told for words in _EXHAUSTED)
    return "out_of_memory" if exhausted else "crashed"


def one_line(error: Exception) -> str:
    """Return the exception's class and the first line of what it says.

    Of one that a loader process raised, it is the process's own exception, and where it was.
    """
    if str(error).startswith(_LOADERS_LOST) and isinstance(error.__cause__, RuntimeError):
        return one_line(error.__cause__)
    carried = _carried(error)
    if carried is not None:
        return carried
    line = _first_line(str(error))
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _first_line(text: str) -> str:
    """Return the first line, and the second where the first one only announces it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])


def _carried(error: Exception) -> str | None:
    """Return what an exception of a loader process says, told from the text it travels as."""
    # A KeyError's text is its argument's repr, which torch has taken care of.
    carried = _CARRIED.fullmatch(str(error))
    if carried is None:
        return None
    raised = [
        text for text in _raised(carried["text"].splitlines()) if _class_of(text) == carried["name"]
    ]
    return f"{_first_line(raised[-1])} ({carried['where']})" if raised else None


def _raised(lines: list[str]) -> Iterator[str]:
    """Yield what stands below each traceback, from the exception's class to the next traceback.

    Frames are indented, and a traceback above one is that of an exception which led to it. A
    message of several lines may hold anything, other tracebacks included.
    """
    starts = [number for number, line in enumerate(lines) if line == _TRACEBACK]
    for start, end in pairwise([*starts, len(lines)]):
        below = [n for n in range(start + 1, end) if lines[n] and not lines[n].startswith(" ")]
        if below:
            yield "\n".join(lines[below[0] : end])


def _class_of(text: str) -> str:
    """Return the name of the exception, without the module that the traceback writes before it."""
    qualified = text.splitlines()[0].partition(":")[0]
    return qualified.rpartition(".")[2]

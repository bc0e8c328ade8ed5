"""What an exception of a worker is told as, with the texts that torch writes."""

import errno

import pytest
import torch
from torch._utils import ExceptionWrapper

from annt_prof.loop.failures import kind, one_line


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.00 TiB."),
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        torch.AcceleratorError(
            "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"
        ),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 4000000000000 bytes."
        ),
        RuntimeError("Triton Error [CUDA]: out of memory"),
    ],
    ids=lambda error: str(error)[:40],
)
def test_memory_that_ran_out_is_told_from_a_crash(error):
    assert kind(error) == "out_of_memory"


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        ValueError("my note: CUDA out of memory"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
    ids=lambda error: str(error)[:40],
)
def test_other_errors_of_the_same_classes_are_crashes(error):
    assert kind(error) == "crashed"


def carried(raise_it, where="in DataLoader worker process 1"):
    """Return the exception that torch raises in the main process."""
    try:
        raise_it()
    except Exception:  # noqa: BLE001 - whatever it is
        wrapper = ExceptionWrapper(where=where)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        wrapper.reraise()
    return raised.value


def raising(error, cause=None):
    def raise_it():
        if cause is None:
            raise error
        try:
            raise cause
        except Exception:  # noqa: BLE001 - the context that Python keeps
            raise error  # noqa: B904

    return raise_it


class TwoArgumentsError(Exception):
    def __init__(self, index, name):
        super().__init__(f"sample {index} of {name}")


NESTED = "reading failed\nTraceback (most recent call last):\n  File x\nOSError: gone"


@pytest.mark.parametrize(
    ("error", "cause", "line"),
    [
        (ValueError("corrupt image 57.jpg"), None, "ValueError: corrupt image 57.jpg"),
        (ValueError("corrupt\n  57.jpg\nTry again"), None, "ValueError: corrupt"),
        (ValueError("found:\n  57.jpg"), None, "ValueError: found: 57.jpg"),
        (ValueError(NESTED), None, "ValueError: reading failed"),
        (ValueError("bad"), OSError("gone"), "ValueError: bad"),
        (ValueError("again"), ValueError("before"), "ValueError: again"),
        (KeyError("label"), None, "KeyError: 'label'"),
        (AssertionError(), None, "AssertionError"),
        (TwoArgumentsError(57, "x"), None, f"{__name__}.TwoArgumentsError: sample 57 of x"),
    ],
    ids=repr,
)
def test_an_exception_of_a_loader_process_is_told_by_its_own_text(error, cause, line):
    found = one_line(carried(raising(error, cause)))
    assert found == f"{line} (in DataLoader worker process 1)"


def test_memory_that_ran_out_in_a_loader_process_is_no_crash():
    raised = raising(RuntimeError("DefaultCPUAllocator: can't allocate memory: 4 TB"))
    assert kind(carried(raised)) == "out_of_memory"


def test_a_text_of_no_such_form_is_left_as_it_is():
    error = ValueError("Caught ValueError in passing.\nOriginal words")
    assert one_line(error) == "ValueError: Caught ValueError in passing."
    assert one_line(RuntimeError("\n  first\nsecond")) == "RuntimeError: first"
    assert one_line(RuntimeError()) == "RuntimeError"


def test_a_killed_loader_process_is_told_with_its_signal():
    """torch raises one exception for the processes from another for the signal."""
    signalled = "DataLoader worker (pid 7) is killed by signal: Bus error. "
    assert one_line(RuntimeError(signalled)) == f"RuntimeError: {signalled.strip()}"
    lost = RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")
    assert one_line(lost) == f"RuntimeError: {lost}"
    lost.__cause__ = RuntimeError(signalled)
    assert one_line(lost) == f"RuntimeError: {signalled.strip()}"

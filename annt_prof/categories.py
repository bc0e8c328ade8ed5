"""The keys of breakdowns: categories, kernel classes, precisions; and a training step's phases.

The keys are stable: they appear in JSON, CSV, TensorBoard tags and budgets.
"""

from enum import StrEnum


class Category(StrEnum):
    """Where a nanosecond of a step's wall time went; each nanosecond is in exactly one."""

    DATA_LOADING = "data_loading"
    H2D_COPY = "h2d_copy"
    OTHER_COPY = "other_copy"
    FORWARD = "forward"
    BACKWARD = "backward"
    GRAD_SCALING = "grad_scaling"
    GRAD_CLIPPING = "grad_clipping"
    OPTIMIZER = "optimizer"
    ZERO_GRAD = "zero_grad"
    COMMUNICATION = "communication"
    HOST_BOUND = "host_bound"
    QUEUED = "queued"
    SYNC = "sync"
    UNATTRIBUTED = "unattributed"


class Unattributed(StrEnum):
    """Why a nanosecond is ``Category.UNATTRIBUTED``; each such one has exactly one reason."""

    LAUNCHED_BEFORE_RECORDING = "launched_before_recording"
    LAUNCH_NOT_RECORDED = "launch_not_recorded"
    OUTSIDE_PHASES = "outside_phases"
    """Launched, or without a device spent, where the main thread was in no phase."""
    NO_PHASES = "no_phases"
    """As before, and no phase can be told in the whole trace."""
    COPYING_OR_WAITING = "copying_or_waiting"
    """Launched while the main thread copied or waited, which is no part of training."""
    IDLE_UNKNOWN = "idle_unknown"
    """The device idled, and the trace does not tell why."""


class KernelClass(StrEnum):
    """What kind of work a device kernel does; the second axis beside the category."""

    CONV = "conv"
    GEMM = "gemm"
    ATTENTION = "attention"
    NORM = "norm"
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    CAST = "cast"
    OPTIMIZER = "optimizer"
    MEMORY = "memory"
    COMMUNICATION = "communication"
    OTHER = "other"


MATRIX_CLASSES = (KernelClass.CONV, KernelClass.GEMM, KernelClass.ATTENTION)
"""Kernels made of products, whose rate depends on what their inputs are; others move bytes."""


class Precision(StrEnum):
    """In what a matrix kernel takes its inputs; ``unknown`` where its name does not tell."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"
    TF32 = "tf32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT8 = "float8"
    FLOAT4 = "float4"
    INT8 = "int8"
    UNKNOWN = "unknown"


class WhyAssumed(StrEnum):
    """Why the precision of kernels is taken to be what the settings give."""

    NAMES_DO_NOT_TELL = "names_do_not_tell"
    NOT_RECORDED = "not_recorded"
    """Whoever wrote the record did not ask the kernels' names yet, which may tell."""


class Phase(StrEnum):
    """A host range of the training step, named in traces as ``PHASE_PREFIX + value``."""

    DATA_LOADING = "data_loading"
    H2D_COPY = "h2d_copy"
    FORWARD = "forward"
    BACKWARD = "backward"
    GRAD_SCALING = "grad_scaling"
    GRAD_CLIPPING = "grad_clipping"
    OPTIMIZER = "optimizer"
    ZERO_GRAD = "zero_grad"
    SYNC = "sync"


PHASE_PREFIX = "annt_prof::"

"""The words that screens use, each with a sentence that explains it."""

from __future__ import annotations

from annt_prof.categories import Category, KernelClass

WORDS: dict[str, str] = {
    "iteration": "one micro-batch through forward and backward",
    "optimizer step": "one parameter update; with accumulation k it closes k iterations",
    "step time": "wall time of one iteration, amortised over whole optimizer steps",
    "throughput": "samples per second, the number that compares variants",
    "variant": "the scenario with one particular set of techniques on; baseline has none",
    "window": "consecutive iterations of one variant; timed (no profiler) or traced",
    "round": "one window of every variant, in shuffled order; every other round is the reverse",
    "launch": "fresh processes of every variant; each interval is over launches",
    "technique": "one tuning switch: what it sets, what it changes, the effect it should have",
    "breakdown": "a step's wall time by category; every nanosecond is in exactly one",
    "exposed": "a device copy or communication that is not hidden under compute",
    "hidden": "what ran under other work, and so is no part of the step",
    "host-bound": "the device idles while the host still dispatches work",
    "critical path": "the chain of host and device activities that ends last",
    "95 % interval": "where the true ratio lies 19 times out of 20, told over launches",
    "inflation": "how much longer traced steps are than timed ones: the profiler's cost",
}
"""The product's own words, in the order in which one meets them."""

CATEGORIES: dict[Category, str] = {
    Category.DATA_LOADING: "waiting for the next batch; on a device, while it idles for that",
    Category.H2D_COPY: "copies from the host to the device that no compute hides",
    Category.OTHER_COPY: "other copies and memsets of the device that no compute hides",
    Category.FORWARD: "device compute launched from the forward pass; on a CPU, host time in it",
    Category.BACKWARD: "device compute launched from the backward pass; on a CPU, host time in it",
    Category.GRAD_SCALING: "unscaling gradients, looking for infinities, updating the scale",
    Category.GRAD_CLIPPING: "measuring and clipping the gradients' norm",
    Category.OPTIMIZER: "updating the parameters",
    Category.ZERO_GRAD: "clearing the gradients",
    Category.COMMUNICATION: "collectives between devices that no compute hides",
    Category.HOST_BOUND: "the device idles while the host still dispatches work",
    Category.QUEUED: "already launched; the device's own delay between two activities",
    Category.SYNC: "the device idles while the host is blocked in a synchronise call",
    Category.UNATTRIBUTED: "what no category can claim, with its reasons beside it",
}
"""Each category of a breakdown."""

KERNEL_CLASSES: dict[KernelClass, str] = {
    KernelClass.CONV: "convolutions",
    KernelClass.GEMM: "matrix products",
    KernelClass.ATTENTION: "fused attention",
    KernelClass.NORM: "normalisation layers",
    KernelClass.ELEMENTWISE: "one operation for each element: memory-bound",
    KernelClass.REDUCTION: "sums, means and the like",
    KernelClass.CAST: "conversions between precisions",
    KernelClass.OPTIMIZER: "fused parameter updates",
    KernelClass.MEMORY: "fills, copies and layout changes within the device",
    KernelClass.COMMUNICATION: "collectives",
    KernelClass.OTHER: "of no known class",
}
"""Each class of kernels."""

"""Device time by class of kernels, as far as techniques for kernels can shorten it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass

if TYPE_CHECKING:
    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown


def device_kernel_ns(mean: MeanBreakdown) -> dict[KernelClass, int]:
    """Return device time by class, ns per iteration, without copies from the host.

    A device's copies are activities of class ``memory`` like any that moves bytes. Those from the
    host have a category of their own, exposed and hidden, and no fusion, layout or precision of
    kernels shortens them: they would make bounds of such techniques too wide.
    """
    by_class = {KernelClass(name): ns for name, ns in mean.kernel_ns.items()}
    if KernelClass.MEMORY in by_class:
        from_host_ns = mean.by_category_ns.get(Category.H2D_COPY, 0)
        from_host_ns += mean.hidden_ns.get(Category.H2D_COPY, 0)
        by_class[KernelClass.MEMORY] = max(0, by_class[KernelClass.MEMORY] - from_host_ns)
    return by_class

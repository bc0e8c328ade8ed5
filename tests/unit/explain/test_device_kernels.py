"""What no technique for kernels shortens is in no class of kernels."""

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category, KernelClass
from annt_prof.explain.device_kernels import device_kernel_ns


def mean(kernel_ns, exposed_ns=7, hidden_ns=4):
    return MeanBreakdown(
        step_ns=100,
        num_steps=1,
        by_category_ns={Category.H2D_COPY: exposed_ns, Category.FORWARD: 100 - exposed_ns},
        hidden_ns={Category.H2D_COPY: hidden_ns, Category.OTHER_COPY: 3},
        not_measured={},
        kernel_ns=kernel_ns,
        host_events=1,
    )


def test_copies_from_the_host_are_no_memory_work_of_kernels():
    found = device_kernel_ns(mean({KernelClass.MEMORY: 31, KernelClass.CONV: 50}))
    assert found == {KernelClass.MEMORY: 20, KernelClass.CONV: 50}


def test_copies_that_overlap_are_no_negative_time():
    assert device_kernel_ns(mean({KernelClass.MEMORY: 5})) == {KernelClass.MEMORY: 0}


def test_without_a_device_there_is_none():
    assert device_kernel_ns(mean({})) == {}

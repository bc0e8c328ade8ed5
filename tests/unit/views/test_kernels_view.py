"""The kernels as they are shown."""

from annt_prof.trace.columns import Geometry
from annt_prof.views.kernels_view import KernelLine, build_kernels_view
from hand_made_analysis import KERNELS, ns


def test_a_kernel_has_the_two_phases_that_launch_it_most():
    view = build_kernels_view(KERNELS, complete=True)
    assert view.lines[0] == KernelLine(
        name="sm90_gemm",
        total_ns=ns(44.4),
        share_of_steps=0.243,
        count=1_111,
        kernel_class="gemm",
        phases=("forward", "backward"),
        p50_ns=38_700,
        p95_ns=57_300,
        tensor_cores=True,
        geometry=Geometry((12, 13, 1), (256, 24, 3)),
        occupancy=0.37,
    )
    assert view.lines[1].phases is None
    assert (view.num_names, view.num_launches, view.complete) == (83, 4_567, True)
    assert not build_kernels_view(KERNELS, complete=False).complete

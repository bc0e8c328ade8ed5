"""The kernels as they are shown."""

import msgspec

from annt_prof.trace.columns import Geometry
from annt_prof.views.kernels_view import KernelLine, build_kernels_view
from annt_prof.views.rest import Rest
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


def test_kernels_that_are_not_listed_are_counted_with_their_time():
    assert build_kernels_view(KERNELS, complete=True).rest == Rest(81, ns(71.3 - 44.4 - 8.9))
    brief = msgspec.structs.replace(KERNELS.rows[1], total_ns=400)
    table = msgspec.structs.replace(KERNELS, rows=(KERNELS.rows[0], brief), num_names=2,
                                    total_ns=ns(44.4) + 400)  # fmt: skip
    view = build_kernels_view(table, complete=True)
    assert [line.name for line in view.lines] == ["sm90_gemm"]
    assert view.rest == Rest(1, 400)

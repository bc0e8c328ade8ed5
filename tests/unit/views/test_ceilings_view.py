"""What is shown of a machine's ceilings: each rate under its own name."""

from pathlib import Path

from annt_prof.machine.ceilings import Ceilings
from annt_prof.report.text.ceilings import render_ceilings
from annt_prof.views.ceilings_view import CollectiveRate, MatrixRate, build_ceilings_view
from printed import printed

CEILINGS = Ceilings(
    matrix_flops={"float32": 50.5e12, "tf32": 404e12},
    memory_bytes_per_s=2_100e9,
    pinned_bytes_per_s=25.3e9,
    pageable_bytes_per_s=7.7e9,
    launch_ns=3_456.7,
    collective_bytes_per_s=180.4e9,
    collective_ranks=8,
)
ON_A_CPU = Ceilings({"float32": 0.1e12}, 19e9, None, None, 1_200.2, None, 1, "one device")
PATH = Path("/a[b]/ceilings.json")


def shown(ceilings):
    view = build_ceilings_view("an H100", ceilings, PATH)
    return printed(lambda console: render_ceilings(view, console))


def test_every_rate():
    view = build_ceilings_view("an H100", CEILINGS, PATH)
    assert view.machine == "an H100"
    assert view.matrix == (MatrixRate("float32", 50.5e12, 1.0), MatrixRate("tf32", 404e12, 8.0))
    assert view.memory_bytes_per_s == 2_100e9
    assert view.pinned_bytes_per_s == 25.3e9
    assert view.pageable_bytes_per_s == 7.7e9
    assert view.collective == CollectiveRate(180.4e9, 8)
    assert view.launch_ns == 3_456.7
    assert view.path == PATH


def test_why_there_is_no_collective():
    view = build_ceilings_view("a CPU", ON_A_CPU, PATH)
    assert (view.collective, view.no_collective) == (None, "one device")
    untold = Ceilings({"float32": 0.1e12}, 19e9, None, None, 1_200.2)
    assert build_ceilings_view("a CPU", untold, PATH).no_collective == "not measured"


def test_text():
    assert shown(CEILINGS) == [
        "What this machine can do at most an H100",
        "float32 50.500 TFLOP/s in a matrix product, 1.00x float32",
        "tf32 404.000 TFLOP/s in a matrix product, 8.00x float32",
        "memory 2,100.0 GB/s read and written",
        "pinned 25.3 GB/s from the host to the device",
        "pageable 7.7 GB/s from the host to the device",
        "collective 180.4 GB/s on the bus, all-reduce of 8 ranks",
        "launch 3.46 us for the smallest operator",
        "kept in /a[b]/ceilings.json",
    ]
    assert shown(ON_A_CPU)[2:5] == [
        "memory 19.0 GB/s read and written",
        "collective n/a: one device",
        "launch 1.20 us for the smallest operator",
    ]

"""``doctor --calibrate`` against what is known of the device."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from benchmarks.gpu_items.commands import annt_prof
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import NEEDS_DEVICE, Expectation, Item, Reading, within

ITEMS = (
    Item(
        "calibrate", __name__, "doctor --calibrate", (Owed.CALIBRATION,), 40, 120,
        not_rehearsed=NEEDS_DEVICE,  # rates of a CPU say nothing here
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Known:
    """What a device reaches.

    Attributes:
        bfloat16_flops: Operations per second of a dense product.
        copied_bytes_per_s: Device to device, read and written.

    Source: products of 8192 x 8192 random matrices and copies of 8.6 GB through torch 2.11 on one
    device of each kind: 798 TFLOP/s and 3.0 TB/s, 788 TFLOP/s and 4.3 TB/s.
    """

    bfloat16_flops: float
    copied_bytes_per_s: float


KNOWN = {
    "NVIDIA H100 80GB HBM3": Known(790e12, 3.0e12),
    "NVIDIA H200": Known(790e12, 4.3e12),
}
_SHARE = 0.1  # devices of one kind differ, and so do their clocks
_PRODUCT_BELOW, _PRODUCT_ABOVE = 0.2, 0.05
"""The known rate is the mean of ten products, some 14 ms in all. ``--calibrate`` repeats them for
more than 100 ms after the float32 ones, and a card at its power limit lowers its clock by then: 650
to 720 TFLOP/s of 790 are plausible and no mistake. Faster than in 14 ms it hardly gets."""


def expected_product(known: Known) -> Expectation:
    """Return what a dense bfloat16 product may reach, TFLOP/s."""
    flops = known.bfloat16_flops / 1e12
    return Expectation(flops, flops * (1 - _PRODUCT_BELOW), flops * (1 + _PRODUCT_ABOVE))


def main() -> None:
    """Report every ceiling."""
    task, _ = task_of()
    answer = annt_prof("doctor", "--calibrate", "--json", folder=task.scratch)
    (task.keep / "ceilings.json").write_bytes(answer.output)
    found = answer.document
    if not found:
        raise SystemExit(answer.trouble(0) or "it printed nothing")
    known = KNOWN.get(_device_name())
    for dtype, flops in found["matrix_flops"].items():
        judged = known is not None and dtype == "bfloat16"
        expected = expected_product(known) if judged else None
        task.report(Reading(f"{dtype} product", flops / 1e12, "TFLOP/s", expected))
    expected = known and within(known.copied_bytes_per_s / 1e12, _SHARE)
    copied = found["memory_bytes_per_s"] / 1e12
    task.report(Reading("copy within the device", copied, "TB/s", expected))
    for name in ("pinned", "pageable"):
        rate = found[f"{name}_bytes_per_s"]
        figure = None if rate is None else rate / 1e9
        task.report(Reading(f"{name} copy to the device", figure, "GB/s"))
    task.report(Reading("launch", found["launch_ns"] / 1e3, "us"))
    collective = found["collective_bytes_per_s"]
    task.report(
        Reading(
            "all-reduce", None if collective is None else collective / 1e9, "GB/s",
            note=found["no_collective"] or f"{found['collective_ranks']} ranks",
        )
    )  # fmt: skip
    stored = Path(os.environ["XDG_CACHE_HOME"]) / "annt_prof" / "ceilings.json"
    task.report(Reading("ceilings are kept", trouble="" if stored.exists() else f"no {stored}"))


def _device_name() -> str:
    import torch

    return torch.cuda.get_device_name(0)


if __name__ == "__main__":
    main()

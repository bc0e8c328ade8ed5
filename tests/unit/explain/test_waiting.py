"""Where the loader sets the pace, what is saved elsewhere is waited for."""

import pytest

from annt_prof.categories import Category, KernelClass
from annt_prof.explain.explanation import Bounds
from annt_prof.explain.waiting import loading_decides
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence

MS = 1_000_000
AMP = registry.load("amp").signature
BOUNDS = Bounds(0, 5 * MS, "what 16 bits can shorten")


def evidence(waits_ms: int, workers: int = 4) -> Evidence:
    return Evidence(
        "cuda",
        100 * MS,
        {Category.DATA_LOADING: waits_ms * MS, Category.FORWARD: (100 - waits_ms) * MS},
        kernel_ns={KernelClass.GEMM: 10 * MS},
        baseline=Baseline("cuda", workers=workers),
    )


def test_a_step_that_waits_longer_than_could_be_saved_is_decided_by_loading() -> None:
    assert loading_decides(evidence(88), AMP, BOUNDS, 16) == (
        "loading decides: each step waits 88.00 ms (88.0 % of it) for 4 loader processes, and what "
        "is saved elsewhere is waited for"
    )


@pytest.mark.parametrize(
    ("step", "technique", "bounds"),
    [
        (evidence(88, workers=0), "amp", BOUNDS),  # loading adds to the step, and hides nothing
        (evidence(40), "amp", BOUNDS),  # 80 ms an iteration could be saved, and 40 waited for
        (evidence(88), "dataloader_workers", BOUNDS),  # which shortens loading itself
        (evidence(88), "amp", None),
        (None, "amp", BOUNDS),
        (evidence(0), "amp", Bounds(0, 0, "nothing")),
    ],
)
def test_otherwise_it_does_not(
    step: Evidence | None, technique: str, bounds: Bounds | None
) -> None:
    assert loading_decides(step, registry.load(technique).signature, bounds, 16) is None

"""What the pages are worth: equal figures could change places and no page would show it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest
from commands import printed
from made_runs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runs.record import Run

_OF_A_VARIANT = (
    "step_time", "throughput", "peak_memory_bytes", "energy_per_sample_j", "telemetry",
    "breakdown", "first_step_s", "numerics",
)  # fmt: skip
_FEW = 10
_CLASSES_OF_ONE_PRECISION = "kernel_precision_ns"  # whose parts are those of ``kernel_ns`` again


def figures(value: object) -> Iterator[float]:
    """Yield every number within but for truth values and small counts."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name != _CLASSES_OF_ONE_PRECISION:
                yield from figures(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from figures(part)
    elif (isinstance(value, int) and value >= _FEW) or isinstance(value, float):
        yield value


def repeated(value: object) -> list[float]:
    return [figure for figure, times in Counter(figures(value)).items() if times > 1]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_of_a_runs_variants(run: Run) -> None:
    for variant in run.variants:
        record = msgspec.to_builtins(variant)
        assert repeated([record[name] for name in _OF_A_VARIANT]) == [], variant.name


@pytest.mark.parametrize("field", ["peak_memory_bytes", "energy_per_sample_j", "first_step_s"])
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_between_a_runs_variants(run: Run, field: str) -> None:
    values = [getattr(variant, field) for variant in run.variants if variant.windows]
    assert repeated([value for value in values if value != 3 * 1024**3 // 2]) == []


@pytest.mark.usefixtures("in_made")
@pytest.mark.parametrize("trace", ["device.json", "host.json"])
def test_of_a_traces_steps(trace: str) -> None:
    document = json.loads(printed("analyze", trace, "--json"))
    for step in (document["mean"], *document["steps"]):
        assert repeated([step["wall_ns"], step["breakdown_ns"], step.get("hidden_ns")]) == []
    assert min(ns for ns in document["mean"]["breakdown_ns"].values() if ns) > 10_000

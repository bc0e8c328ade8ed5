"""Traces that the installed torch records here and now."""

import time

import pytest
import torch
from torch.profiler import ProfilerActivity, profile, schedule

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import PHASE_PREFIX, Category, Phase
from annt_prof.trace.reading import read

SLEEP_S = 0.02
SLEEP_NS = 20_000_000


class Slow(torch.nn.Module):
    def forward(self, inputs):
        time.sleep(SLEEP_S)
        return inputs


def record(path, marked):
    """Record three steps with a sleep in the loader, in forward and in the optimizer."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), Slow(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_post_hook(lambda *_: time.sleep(SLEEP_S))
    dataset = torch.utils.data.TensorDataset(torch.randn(16, 8))

    def collate(samples):
        time.sleep(SLEEP_S)
        return torch.stack([sample for (sample,) in samples])

    batches = iter(torch.utils.data.DataLoader(dataset, 4, collate_fn=collate))
    with profile(
        activities=[ProfilerActivity.CPU],
        schedule=schedule(wait=0, warmup=1, active=3, repeat=1),
        on_trace_ready=lambda finished: finished.export_chrome_trace(str(path)),
    ) as profiler:
        for _ in range(4):
            with marked(Phase.DATA_LOADING):
                inputs = next(batches)
            with marked(Phase.FORWARD):
                loss = model(inputs).sum()
            with marked(Phase.BACKWARD):
                loss.backward()
            with marked(Phase.OPTIMIZER):
                optimizer.step()
            with marked(Phase.ZERO_GRAD):
                optimizer.zero_grad()
            profiler.step()
    return break_down(Timeline(read(path)))


def own(phase):
    return torch.autograd.profiler.record_function(PHASE_PREFIX + phase)


def check(found):
    assert len(found.steps) == 3
    for step in found.steps:
        times = step.by_category_ns
        assert sum(times.values()) == step.wall_ns
        for category in (Category.DATA_LOADING, Category.FORWARD, Category.OPTIMIZER):
            assert times[category] >= SLEEP_NS
        assert times[Category.BACKWARD] > 0
        assert step.wall_ns >= 3 * SLEEP_NS


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_our_own_annotations(tmp_path, name):
    found = record(tmp_path / name, own)
    check(found)
    assert set(found.mean.not_measured) == {
        Category.H2D_COPY, Category.OTHER_COPY, Category.HOST_BOUND, Category.QUEUED,
        Category.COMMUNICATION,
    }  # fmt: skip


def test_torchs_own_annotations(tmp_path):
    found = record(tmp_path / "trace.json", lambda _: torch.autograd.set_grad_enabled(mode=True))
    check(found)
    assert {Category.GRAD_SCALING, Category.SYNC} <= set(found.mean.not_measured)
    assert Category.ZERO_GRAD in found.mean.by_category_ns

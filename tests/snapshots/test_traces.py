"""What ``analyze`` and ``advise`` print of traces, and ``analyze`` of a folder of ranks."""

from __future__ import annotations

import pytest
from commands import WIDTHS, assert_reads_as_before, printed

CALLS = {
    "analyze/device": ("analyze", "device.json"),
    "analyze/device_last_steps": ("analyze", "device.json", "--steps", "1:", "--top", "3"),
    "analyze/device_one_step": ("analyze", "device.json", "--steps", "2"),
    "analyze/host": ("analyze", "host.json"),
    "analyze/host_on_cpu": ("analyze", "host.json", "--on-cpu", "--steps", ":1"),
    "analyze/cut_short": ("analyze", "cut_short.json"),
    "analyze/cut_in_order": ("analyze", "cut_in_order.json"),
    "analyze/no_steps": ("analyze", "no_steps.json"),
    "ranks/late": ("analyze", "ranks"),
    "ranks/late_first_step": ("analyze", "ranks", "--steps", ":1"),
    "ranks/unpaired": ("analyze", "alike"),
    "advise/of_trace": ("advise", "device.json"),
    "advise/of_trace_without_device": ("advise", "host.json", "--on-cpu"),
}
pytestmark = pytest.mark.usefixtures("in_made")


@pytest.mark.parametrize("width", [*WIDTHS, 170])
@pytest.mark.parametrize("name", CALLS)
def test_a_trace_reads_as_it_did(name: str, width: int) -> None:
    assert_reads_as_before(printed(*CALLS[name], width=width), f"{name}_{width}.txt")


@pytest.mark.parametrize("name", CALLS)
def test_the_document_of_a_trace_is_what_it_was(name: str) -> None:
    assert_reads_as_before(printed(*CALLS[name], "--json"), f"{name}.json")

"""What needs no script: thresholds, the arguments of a copy, names held by other modules."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import msgspec
import pytest
import torch

from annt_prof.inspection.copying import destination
from annt_prof.inspection.rules import mistakes, names, not_judged
from annt_prof.inspection.seen import CompilingSeen, LoaderSeen, Seen
from annt_prof.inspection.stack import is_among
from annt_prof.inspection.wrapping import replace_everywhere

WAITING = Seen(iterations=100, loaders=(LoaderSeen(0, 100, 2.0),), training_s=5.0, cores=8)


@pytest.mark.parametrize(
    ("arguments", "keywords", "device", "non_blocking"),
    [
        (("cuda",), {}, "cuda", False),
        ((0,), {"non_blocking": True}, "cuda", True),
        (("cuda:1", torch.float16, True), {}, "cuda", True),
        (("cuda", torch.float16, False, True), {}, "cuda", False),
        ((), {"device": torch.device("meta"), "copy": True}, "meta", False),
        ((torch.ones(1, device="meta"), True), {}, "meta", True),
        ((), {"other": torch.ones(1)}, "cpu", False),
        ((torch.float16, True), {}, None, True),
    ],
)
def test_every_form_of_to_is_read(
    arguments: tuple[Any, ...], keywords: dict[str, Any], device: str | None, non_blocking: bool
) -> None:
    found, without_blocking = destination(*arguments, **keywords)
    assert (found and found.type, without_blocking) == (device, non_blocking)


def test_waiting_for_a_loader_counts_where_a_process_pays() -> None:
    (found,) = mistakes(WAITING)
    assert found.evidence == (
        "40 % of the training time went to waiting for data, with 0 loader processes on 8 cores"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"loaders": (LoaderSeen(0, 400, 2.0),)},  # 5 ms for a batch
        {"loaders": (LoaderSeen(8, 100, 2.0),)},
        {"loaders": (LoaderSeen(0, 2, 2.0),)},
        {"training_s": 20.0},
        {"cores": 1},
    ],
)
def test_waiting_that_no_process_would_mend_is_no_mistake(changes: dict[str, Any]) -> None:
    assert mistakes(msgspec.structs.replace(WAITING, **changes)) == ()


def test_only_what_recurs_is_a_habit() -> None:
    once = Seen(iterations=10, iterations_reading=1, iterations_copying_in_forward={"Net": 1})
    assert mistakes(once) == ()
    always = Seen(iterations=10, iterations_reading=10)
    (found,) = mistakes(always)
    assert "10 of 10 iterations" in found.evidence
    (found,) = mistakes(Seen(iterations=12_000, iterations_reading=11_000))
    assert "11,000 of 12,000 iterations" in found.evidence


def test_graphs_of_the_warm_up_are_no_recompilation() -> None:
    compiling = CompilingSeen(graphs=7, tried=7, iterations_after_warm_up=9)
    assert mistakes(Seen(iterations=12, compiling=compiling)) == ()
    compiling = msgspec.structs.replace(compiling, iterations_recompiling=6)
    (found,) = mistakes(Seen(iterations=12, compiling=compiling))
    assert found.evidence == "graphs were compiled in 6 of the 9 iterations after the warm-up"


def test_a_model_compiled_at_the_end_need_not_be_called() -> None:
    compiling = CompilingSeen(modules=1, iterations_since=0)
    assert mistakes(Seen(iterations=12, compiling=compiling)) == ()


def test_a_name_that_a_module_took_before_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def original() -> None: ...

    def replacement() -> None: ...

    module = ModuleType("took_it_before")
    vars(module).update(clip=original, other=len)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    replace_everywhere(original, replacement)
    assert vars(module)["clip"] is replacement
    assert vars(module)["other"] is len


def test_a_batch_is_found_in_what_a_model_was_called_with() -> None:
    batch, other = torch.ones(2), torch.ones(2)
    inputs = ({"images": [batch]},)
    assert is_among(batch, inputs)
    assert not is_among(other, inputs)


def test_only_what_trained_on_a_device_could_show_every_mistake() -> None:
    on_host = Seen(iterations=10)
    assert "reading a tensor every iteration" in not_judged(on_host)
    assert "empty_cache in the loop" not in not_judged(on_host)
    assert not_judged(msgspec.structs.replace(on_host, on_device=True)) == ()
    assert set(not_judged(on_host)) < set(names())
    switched_off = Seen(iterations=10, absent_device_scaler_steps=1, absent_device_autocasts=1)
    more = {"autocast around backward", "clipping before unscale"}
    assert more <= set(not_judged(switched_off)) < set(names())
    assert not more & set(not_judged(on_host))

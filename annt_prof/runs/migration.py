"""Records that older versions wrote, as this one reads them.

Version 1 kept of each window the median over its steps, which leaves out whatever comes every few
steps. The steps themselves are in the record too, so the whole time is told from them, and every
figure that followed from medians is dropped: whoever opens the record derives it again.

Version 2 had no verdicts, said what a remark is about by a prefix, and called techniques what tells
a variant from the baseline. This is the one place where such sentences are read again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from annt_prof.mistakes import MistakeKey
from annt_prof.remarks import Source
from annt_prof.scenario.effective import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterable

_FROM_MEDIANS = ("throughput", "step_time", "speedup", "profiler_inflation")
_TRACE, _BETWEEN, _WEIGHTS = "trace: ", " -> ", "pretrained weights of "
_WAITS = " waits for the device "
_ITEM = "aten::item (aten::_local_scalar_dense)"
_TRACE_MISTAKES = {
    "host-to-device copies are launched inside the passes ": MistakeKey.COPIES_IN_PASSES,
    "host-to-device copies come from memory that is not pinned ":
        MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
    "device memory is given back ": MistakeKey.MEMORY_FREED_EVERY_ITERATION,
}  # fmt: skip
"""How version 2 began to tell of each."""


def brought_up_to_date(record: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the decoded JSON of a run as version 3 holds it.

    Args:
        record: As the file has it.
        version: The record's own.
    """
    if version < 2:
        variants = [_without_medians(variant) for variant in record.get("variants", ())]
        record = {**record, "variants": variants}
    return record if version >= 3 else _typed(record)


def _without_medians(variant: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in variant.items() if name not in _FROM_MEDIANS}
    return {**kept, "windows": [_window(window) for window in variant.get("windows", ())]}


def _window(window: dict[str, Any]) -> dict[str, Any]:
    """Give a window its whole time: each step's time per iteration, over all iterations."""
    steps = window["step_ns"]
    whole_ns = round(sum(steps) * window["iterations"] / len(steps)) if steps else 0
    kept = {name: value for name, value in window.items() if name != "median_ns"}
    return {**kept, "wall_ns": whole_ns}


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of version 2 with values in place of sentences that are told apart."""
    substitutions = [
        _substitution(substitution) for substitution in record.get("substitutions", ())
    ]
    variants = [_variant(variant, record) for variant in record.get("variants", ())]
    kept = {name: value for name, value in record.items() if name != "shared"}
    return {**kept, "substitutions": substitutions, "variants": variants}


def _substitution(substitution: dict[str, Any]) -> dict[str, Any]:
    """Tell what was replaced: ``cifar10 (not in ...)``, ``pretrained weights of NAME (...)``."""
    wanted: str = substitution["wanted"]
    if wanted.startswith("pinned batches"):
        return {**substitution, "replaced": Replaced.COPYING}
    named = wanted.removeprefix(_WEIGHTS)
    replaced = Replaced.DATA if named == wanted else Replaced.WEIGHTS
    return {**substitution, "replaced": replaced, "name": named.split(" ", 1)[0]}


def _variant(variant: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    factors = variant.get("techniques", ())
    on = _on(factors, record)
    return {
        **variant,
        "epochs": _epochs(variant),
        "factors": factors,
        "techniques": [{"name": name, "options": options} for name, options in on.items()],
        "remarks": [_remark(said, on) for said in variant.get("remarks", ())],
        "mathematics": [_mathematics(said) for said in variant.get("mathematics", ())],
    }


def _epochs(variant: dict[str, Any]) -> dict[str, Any] | None:
    """Say whether epochs' starts are in the figures, which the first form of version 2 did not."""
    epochs: dict[str, Any] | None = variant.get("epochs")
    if epochs is None or "counted" in epochs:
        return epochs
    return {**epochs, "counted": bool((variant.get("step_time") or {}).get("epoch_start"))}


def _on(factors: list[str], record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the techniques that a variant trained with, and the options of each.

    Of two scenarios, a factor that turns a technique off is on where it is not brought in.
    """
    differences = dict(said.split(": ", 1) for said in record.get("differences", ()))
    if not differences:
        return {name: _options(record, name) for name in factors}
    on = {name: _options(record, name) for name in record.get("shared", ())}
    for name, change in differences.items():
        first, _, second = change.partition(_BETWEEN)
        now = second if name in factors else first
        if "." not in name and (now == "on" or now.startswith("on, ")):
            on[name] = _said_options(now)
    return on


def _options(record: dict[str, Any], name: str) -> dict[str, Any]:
    prefix = f"techniques.{name}."
    return {
        value["path"].removeprefix(prefix): value["value"]
        for value in record.get("scenario", ())
        if value["path"].startswith(prefix)
    }


def _said_options(said: str) -> dict[str, Any]:
    """Return the options of ``on, dtype: bfloat16, allowed: false``."""
    options: dict[str, Any] = {}
    for part in said.split(", ")[1:]:
        name, _, value = part.partition(": ")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def _remark(said: str, on: Iterable[str]) -> dict[str, Any]:
    if said.startswith(_TRACE):
        return _trace_remark(said.removeprefix(_TRACE))
    for name in on:
        if said.startswith(f"{name}: "):
            text = said.removeprefix(f"{name}: ")
            return {"source": Source.PITFALL, "text": text, "about": name}
    return {"source": Source.RUN, "text": said}


def _trace_remark(text: str) -> dict[str, Any]:
    """Tell the mistake, which has other figures in another variant."""
    remark = {"source": Source.TRACE, "text": text}
    for beginning, key in _TRACE_MISTAKES.items():
        if text.startswith(beginning):
            return {**remark, "key": key}
    operator, waits, _ = text.partition(_WAITS)
    if not waits:
        return remark
    reads = operator == _ITEM
    key = MistakeKey.ITEM_EVERY_ITERATION if reads else MistakeKey.OPERATOR_WAITS_EVERY_ITERATION
    return {**remark, "key": key, "subject": operator}


def _mathematics(said: str) -> dict[str, Any]:
    about, _, text = said.partition(": ")
    return {"about": about, "text": text}

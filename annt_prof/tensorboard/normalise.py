"""A copy of a Kineto trace that torch-tb-profiler 0.4.3, the last release, reads right.

The plugin was written for the traces of torch 1.x. From a modern one it reads no DataLoader time
and no runtime, counts the steps of a device trace twice, and gives up on a run in which one event
has no category. Only categories and a few names are changed here; everything else, the digits of
every timestamp included, is copied as it stands in the text.
"""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Any

import msgspec

from annt_prof.categories import PHASE_PREFIX, Phase
from annt_prof.errors import UserError
from annt_prof.trace.source import DEFAULT_MAX_BYTES, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What the plugin calls host calls into the device's runtime and driver, and the links between an
# operator and its backward. Source: its profiler/trace.py, EventTypeMap, and profiler/data.py;
# Kineto's names from libkineto/src/ActivityType.cpp.
_CATEGORIES = {
    "cuda_runtime": "runtime",
    "cuda_driver": "runtime",
    "hip_runtime": "runtime",
    "xpu_runtime": "runtime",
    "xpu_driver": "runtime",
    "mtia_runtime": "runtime",
    "privateuse1_runtime": "runtime",
    "privateuse1_driver": "runtime",
    "fwdbwd": "forward_backward",
}
# The device's shadow of host annotations; the plugin takes its ``ProfilerStep#`` for more steps.
_DROPPED_CATEGORY = "gpu_user_annotation"
# The plugin ignores user annotations but for steps and collectives, so nothing is counted twice.
_CATEGORY_OF_NAMELESS = "user_annotation"

# What makes a range count as data loading, or as the optimizer's in the comparison of two runs.
# Source: the plugin's profiler/event_parser.py and profiler/node.py, create_operator_node.
_LOADER_PREFIX = "enumerate(DataLoader)#"
_OUR_LOADING = PHASE_PREFIX + Phase.DATA_LOADING
_OUR_OPTIMIZER = PHASE_PREFIX + Phase.OPTIMIZER
# Host time that is no operator: it enters the plugin's "CPU Exec", without a row in its table of
# operators. "Other" is then what no phase covers: our "unattributed", on a CPU.
_PHASE_CATEGORY = "python"


class _Head(msgspec.Struct):
    """The few fields of an event that decide what becomes of it."""

    ph: Any = None
    cat: Any = None
    name: Any = None


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_events = msgspec.json.Decoder(list[msgspec.Raw]).decode


def normalise(original: Path, copy: Path) -> None:
    """Write the copy of a trace that the plugin reads right.

    Args:
        original: A Kineto trace, gzip or plain.
        copy: Of the same trace for the plugin, ``<worker>.<digits>.pt.trace.json.gz``.

    Raises:
        UserError: The original is missing, cut off, or no Kineto trace; an earlier copy stays.
    """
    text = content(original, DEFAULT_MAX_BYTES).text
    partial = copy.with_name(f".{copy.name}.{os.getpid()}.partial")
    try:
        fields = _decode_fields(text)
        events = _decode_events(fields.pop("traceEvents"))
        with gzip.open(partial, "wb", compresslevel=6) as file:
            file.writelines(_document(fields, events))
        partial.replace(copy)
    except (msgspec.DecodeError, KeyError) as error:
        reason = "no traceEvents" if isinstance(error, KeyError) else str(error)
        raise UserError(f"not a Kineto trace: {reason}", where=str(original)) from error
    finally:
        partial.unlink(missing_ok=True)


def _document(fields: dict[str, msgspec.Raw], events: list[msgspec.Raw]) -> Iterator[bytes]:
    # The events come last: the plugin appends its counters at the last bracket of the text and
    # drops what follows. Source: its run.py, RunProfile.append_gpu_metrics.
    yield b"{\n"
    for key, value in fields.items():
        yield b"%s: %s,\n" % (msgspec.json.encode(key), bytes(value))
    yield b'"traceEvents": ['
    separator = b"\n"
    for event in events:
        rewritten = _rewrite(event)
        if rewritten is not None:
            yield separator
            yield rewritten
            separator = b",\n"
    yield b"\n]}\n"


def _rewrite(event: msgspec.Raw) -> bytes | None:
    """Return the event's text for the plugin, or None where it must not see it."""
    head = _decode_head(event)
    if head.cat == _DROPPED_CATEGORY:
        return None
    changes = _changes(head)
    if not changes:
        return bytes(event)
    fields = _decode_fields(event)
    for key, value in changes.items():
        fields[key] = msgspec.Raw(msgspec.json.encode(value))
    return msgspec.json.encode(fields)


def _changes(head: _Head) -> dict[str, str]:
    if not isinstance(head.name, str):  # it asks every event for its name
        return {"name": "", **_changes(_Head(head.ph, head.cat, ""))}
    if head.ph == "X" and head.name == _OUR_LOADING:
        # Ours holds the loader's own range, and the making of the iterator before it.
        return {"name": f"{_LOADER_PREFIX}{head.name}.__next__", "cat": "cpu_op"}
    if head.ph == "X" and head.name == _OUR_OPTIMIZER:
        return {"name": f"Optimizer.step#{head.name}", "cat": _PHASE_CATEGORY}
    if head.ph == "X" and head.name.startswith(PHASE_PREFIX):
        return {"cat": _PHASE_CATEGORY}
    if head.ph == "X" and head.name.startswith(_LOADER_PREFIX):
        return {} if head.cat == "cpu_op" else {"cat": "cpu_op"}
    if isinstance(head.cat, str):
        category = _CATEGORIES.get(head.cat)
        return {"cat": category} if category else {}
    return {"cat": _CATEGORY_OF_NAMELESS} if head.ph == "X" else {}

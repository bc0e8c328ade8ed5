"""What is known of each technique, as text and as JSON."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Group
from rich.text import Text

from annt_prof.errors import UserError
from annt_prof.machine.machine import Machine
from annt_prof.report.text.lines import INDENT, bullets, heading, labelled, plain
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from annt_prof.techniques.technique import Pitfall, Technique

CATALOGUE_VERSION = 1

# A CPU that lacks nothing: what still stands in the way is the lack of an accelerator.
_CPU = Machine("cpu", "a CPU", num_devices=0, num_cores=1, native_bfloat16=True)


def catalogue(names: Iterable[str]) -> RenderableType:
    """Return a short entry for each technique; one whose plug-in fails says so instead."""
    parts: list[RenderableType] = []
    for name in names:
        parts += [*_short_entry(name), Text()]
    parts.append(plain("annt-prof techniques NAME tells the whole of one.", "dim"))
    return Group(*parts)


def entry(name: str) -> RenderableType:
    """Return all that is known of one technique.

    Raises:
        UserError: There is none of that name, or its plug-in cannot be loaded.
    """
    technique = registry.load(name)
    parts: list[RenderableType] = [heading(technique.name, technique.summary)]
    for title, text in registry.explanation(technique).items():
        parts += [Text(), Text.assemble(plain(f"{title}: ", "bold"), plain(text))]
    parts += [Text(), plain("Facts", "bold"), labelled(_facts(technique), INDENT)]
    if options := [f"{f['name']}: {_option(f)}" for f in _options(technique)]:
        parts += [Text(), plain("Options", "bold"), bullets("-", options)]
    if pitfalls := [_pitfall(pitfall) for pitfall in technique.pitfalls]:
        parts += [Text(), plain("Pitfalls, looked for in every run", "bold")]
        parts.append(bullets("-", pitfalls))
    return Group(*parts)


def catalogue_document(names: Iterable[str]) -> bytes:
    """Return the techniques as indented UTF-8 JSON with a final line break."""
    answer = {"schema_version": CATALOGUE_VERSION, "techniques": [_as_json(n) for n in names]}
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _short_entry(name: str) -> Iterator[RenderableType]:
    try:
        technique = registry.load(name)
    except UserError as error:
        yield heading(name)
        yield labelled([("broken", str(error))], INDENT)
        return
    yield heading(name)
    yield labelled([("changes", technique.summary)], INDENT)
    yield labelled(_facts(technique), INDENT)


def _facts(technique: Technique[Any]) -> Iterator[tuple[str, str]]:
    signature = technique.signature
    yield "applies", _applies(technique)
    yield "falls", ", ".join(signature.falls)
    if signature.may_rise:
        yield "may rise", ", ".join(signature.may_rise)
    yield "stays flat", ", ".join(signature.stays_flat)
    yield "bound", signature.bound
    yield "mathematics", technique.mathematics
    yield "source", technique.source


def _applies(technique: Technique[Any]) -> str:
    obstacle = technique.obstacle(technique.options(), _CPU)
    return f"with an accelerator; on a CPU not: {obstacle}" if obstacle else "everywhere"


def _options(technique: Technique[Any]) -> list[dict[str, Any]]:
    fields = dataclasses.fields(technique.options)
    return [
        {
            "name": field.name,
            "type": str(field.type),
            "default": field.default,
            "description": field.metadata.get("description", ""),
        }
        for field in fields
    ]


def _option(option: dict[str, Any]) -> str:
    return f"{option['description']} Default: {option['default']}."


def _pitfall(pitfall: Pitfall) -> str:
    key = f" ({pitfall.key})" if pitfall.key else ""
    return f"{pitfall.name}{key}: {pitfall.why}"


def _as_json(name: str) -> dict[str, Any]:
    try:
        technique = registry.load(name)
    except UserError as error:
        return {"name": name, "error": str(error)}
    signature = technique.signature
    return {
        "name": technique.name,
        "summary": technique.summary,
        "explanation": registry.explanation(technique),
        "obstacle_on_cpu": technique.obstacle(technique.options(), _CPU),
        "signature": {
            "falls": signature.falls,
            "may_rise": signature.may_rise,
            "stays_flat": signature.stays_flat,
            "bound": signature.bound,
        },
        "mathematics": technique.mathematics,
        "options": _options(technique),
        "pitfalls": [{"key": p.key, "name": p.name, "why": p.why} for p in technique.pitfalls],
        "source": technique.source,
    }

"""The JSON Schema of ``budgets``, made from the metrics that there are."""

from __future__ import annotations

import re
from typing import Any

from annt_prof.mistakes import MistakeKey
from annt_prof.scenario.budget_keys import (
    FLOOR,
    ON,
    PITFALLS,
    TO,
    VARIANT,
    budget_keys,
    limit_kinds,
)
from annt_prof.scenario.budget_machine import COUNTS, WATTS
from annt_prof.scenario.budget_metrics import METRICS, NO_PITFALLS, Dimension, Metric
from annt_prof.scenario.budget_reading import ALL
from annt_prof.scenario.budgets import LimitKind
from annt_prof.scenario.quantities import UNITS

Json = dict[str, Any]

WHOLE = "Budgets"
OVERLAID = "OverlaidBudgets"
"""As an overlay has them, where null takes a metric's budget away."""

_PITFALL = "PitfallBudget"
_PITFALLS = "NoPitfalls"
_MACHINE = "NamedMachine"
_DESCRIPTIONS = {
    LimitKind.MAX: "Not more than this.",
    LimitKind.MIN: "Not less than this.",
    LimitKind.MAX_RATIO: "Not more than this many times what `to` has.",
    LimitKind.MIN_RATIO: "Not less than this many times what `to` has.",
    LimitKind.MAX_SHARE: "Not more than this share of the step.",
}
_PHRASES = {metric.name: metric.description for metric in METRICS.values()} | {
    key.value: key.description for key in MistakeKey
}
_VARIANT = {
    "type": "string",
    "pattern": r"\S",
    "description": "The variant that is held to it; the scenario with all of its techniques "
    "unless given.",
}
_TO = {
    "type": "string",
    "pattern": r"^(baseline|reference|variant:.*\S.*)$",
    "description": "What a ratio is to: a stored baseline, what --reference names, or "
    "variant:NAME of the same run.",
}

# A lookahead for a digit other than 0 stands for "more than 0".
_ABOVE_0 = r"^\s*(?=[+0-9.]*[1-9])"
_NUMBER = r"\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_AT_MOST_100 = r"\+?(0*100(\.0*)?|0*[0-9]{1,2}(\.[0-9]*)?|\.[0-9]+)"


def budget_definitions(prefix: str) -> Json:
    """Return the definitions by name, which refer to one another.

    Args:
        prefix: What a reference to a definition begins with.
    """
    kinds = {_name(metric): _entry(metric) for metric in METRICS.values()}
    zero = {"const": 0, "description": "A pitfall is there or not."}
    pitfall = _closed({LimitKind.MAX.value: zero, VARIANT: _VARIANT})
    kinds[_PITFALL] = {**pitfall, "required": [LimitKind.MAX.value]}
    references = {metric.name: f"{prefix}{_name(metric)}s" for metric in METRICS.values()}
    references |= dict.fromkeys(PITFALLS, f"{prefix}{_PITFALL}s")
    references |= {ON: f"{prefix}{_MACHINE}", NO_PITFALLS: f"{prefix}{_PITFALLS}"}
    whole, overlaid = {}, {}
    for key in budget_keys():
        reference, description = {"$ref": references[key]}, _description(key)
        whole[key] = {**reference, "description": description}
        overlaid[key] = {"anyOf": [reference, {"type": "null"}], "description": description}
    return {
        WHOLE: {**_closed(whole), "type": ["object", "null"]},
        OVERLAID: {**_closed(overlaid), "type": ["object", "null"]},
        _MACHINE: _machine(),
        _PITFALLS: _no_pitfalls(),
        **kinds,
        **{f"{name}s": _one_or_several(f"{prefix}{name}") for name in kinds},
    }


def _name(metric: Metric) -> str:
    """Return the name of the definition of one limit on a metric, and on others like it."""
    return f"{metric.dimension.capitalize()}{'Part' if metric.of_step else ''}Budget"


def _description(key: str) -> str:
    if key == ON:
        return "The machine that absolute limits are of."
    if key == NO_PITFALLS:
        return "Pitfalls that are never to be found."
    return _sentence(_PHRASES[key])


def _sentence(phrase: str) -> str:
    return f"{phrase[0].upper()}{phrase[1:]}."


def _closed(properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _one_or_several(reference: str) -> Json:
    one = {"$ref": reference}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _entry(metric: Metric) -> Json:
    kinds = limit_kinds(metric)
    properties = {
        kind.value: {**_limit(metric.dimension, kind), "description": _DESCRIPTIONS[kind]}
        for kind in kinds
    }
    ratios = [kind.value for kind in kinds if kind.is_ratio]
    dependencies: Json = {ratio: [TO] for ratio in ratios}
    if ratios:
        properties[TO] = _TO
        dependencies[TO] = {"anyOf": [{"required": [ratio]} for ratio in ratios]}
    properties[VARIANT] = _VARIANT
    if LimitKind.MAX_SHARE in kinds:
        description = "What of a step never fails, however large its share is."
        properties[FLOOR] = {**_quantity(Dimension.TIME), "description": description}
        dependencies[FLOOR] = [LimitKind.MAX_SHARE.value]
    one_limit = {"oneOf": [{"required": [kind.value]} for kind in kinds]}
    return {**_closed(properties), **one_limit, "dependencies": dependencies}


def _limit(dimension: Dimension, kind: LimitKind) -> Json:
    if kind.is_ratio:
        return _number_or_percent({}, _NUMBER)
    if kind is LimitKind.MAX_SHARE or dimension is Dimension.SHARE:
        return _number_or_percent({"maximum": 1}, _AT_MOST_100)
    if dimension is Dimension.COUNT:
        return {"type": "integer", "minimum": 0 if kind is LimitKind.MAX else 1}
    return _quantity(dimension)


def _number_or_percent(bounds: Json, percent: str) -> Json:
    number = {"type": "number", "exclusiveMinimum": 0, **bounds}
    return {"anyOf": [number, {"type": "string", "pattern": rf"{_ABOVE_0}{percent} *%\s*$"}]}


def _quantity(dimension: Dimension) -> Json:
    units = "|".join(re.escape(unit) for unit in UNITS[dimension])
    return {"type": "string", "pattern": rf"{_ABOVE_0}{_NUMBER} *({units})\s*$"}


def _no_pitfalls() -> Json:
    some = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(PITFALLS)}}
    return {"anyOf": [{"const": ALL}, some]}


def _machine() -> Json:
    facts = {
        key: {**_fact(key), "description": f"The machine's {key}."} for key in budget_keys((ON,))
    }
    return {**_closed(facts), "minProperties": 1}


def _fact(key: str) -> Json:
    if key in COUNTS:
        return {"type": "integer", "minimum": 1}
    if key in WATTS:
        return {"type": "number", "exclusiveMinimum": 0}
    return {"type": ["string", "integer"], "pattern": r"\S"}

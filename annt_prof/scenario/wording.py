"""How what was found in a file is named in messages, in YAML's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from annt_prof.errors import suggestion
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """Return the message for a key that does not exist."""
    return f"unknown key; {suggestion(key, allowed)}"


def describe(value: object) -> str:
    """Return a found value with its type, in YAML's words, on one line."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    shown = printable(text if len(text) <= 60 else f"{text[:57]}...")
    kinds = {bool: "", int: "", float: "", str: "the string "}
    return f"{kinds.get(type(value), '')}{shown}"

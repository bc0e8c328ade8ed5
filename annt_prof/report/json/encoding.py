"""How every JSON document is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def encode(document: DataclassInstance) -> bytes:
    """Return a frozen value as indented UTF-8 JSON with a final line break.

    Keys are the names of its fields, in their order.
    """
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"

"""How every JSON document is written: indented UTF-8, keys in the order of the value's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from dataclasses import Field
    from typing import ClassVar, Protocol

    class _Dataclass(Protocol):
        __dataclass_fields__: ClassVar[dict[str, Field[object]]]


def encode(document: msgspec.Struct | _Dataclass) -> bytes:
    """Return a frozen value as indented UTF-8 JSON with a final line break."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"

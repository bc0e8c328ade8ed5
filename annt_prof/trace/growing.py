"""Columns that grow as parts are put behind one another."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Generic

from annt_prof.trace.columns import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROWTH = 8
"""A column that is full becomes longer by one part in so many."""


class Growing(Generic[Columns]):
    """Puts columns behind one another while more of them are decoded.

    Parts that are all kept and joined in the end are in memory twice then, and nothing else is
    done meanwhile: a gigabyte of text spends a twelfth of its time on it.

    Args:
        kind: Of which the parts are.
    """

    def __init__(self, kind: type[Columns]) -> None:
        self._kind: type[Columns] = kind
        self._names = [field.name for field in fields(kind)]
        self._length = 0
        self._room = 0
        self._columns: list[NDArray[Any]] = []

    def add(self, part: Columns) -> None:
        """Append a part. Of the first one the columns are taken as they are, and not copied."""
        columns: list[NDArray[Any]] = [getattr(part, name) for name in self._names]
        end = self._length + len(columns[0])
        if not self._columns:
            self._columns = columns
        else:
            self._make_room(end)
            for column, more in zip(self._columns, columns, strict=True):
                column[self._length : end] = more
        self._length = end

    def whole(self) -> Columns:
        """Return all of it as one, once; there must have been a part, and none is kept."""
        columns, self._columns = self._columns, []
        if self._room:
            for column in columns:
                column.resize(self._length, refcheck=False)
        return self._kind(*columns)

    def _make_room(self, length: int) -> None:
        """Lengthen the columns; nobody else looks at them, so they need not be copied for it."""
        if not self._room:
            self._columns = [column.copy() for column in self._columns]
        if length > self._room:
            self._room = max(length, self._room + self._room // _GROWTH)
            for column in self._columns:
                column.resize(self._room, refcheck=False)

"""Columns that grow as parts are put behind one another."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Generic

import numpy as np

from annt_prof.trace.columns import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_ROOM = 2**17
"""Rows, those of a trace of 50 MB; what of them is never written takes no memory."""
_GROWTH = 8
"""A column that is full becomes longer by one part in so many, which is written with zeros."""


class Growing(Generic[Columns]):
    """Puts columns behind one another while more of them are decoded.

    Parts that are all kept and joined in the end would be in memory twice then, and all other
    processes would have ended. See benchmarks/README.md.

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
        """Append a part. A first one's columns are taken as they are, and not copied."""
        columns: list[NDArray[Any]] = [getattr(part, name) for name in self._names]
        begin, end = self._length, self._length + len(columns[0])
        self._length = end
        if not self._columns:
            self._columns = columns
            return
        self._make_room(begin, end)
        for column, more in zip(self._columns, columns, strict=True):
            np.copyto(column[begin:end], more, casting="no")

    def whole(self) -> Columns:
        """Return all parts as one; there must be one at least, and none is kept."""
        columns, self._columns = self._columns, []
        if self._room:
            for column in columns:
                column.resize(self._length, refcheck=False)
        self._length = self._room = 0
        return self._kind(*columns)

    def _make_room(self, begin: int, end: int) -> None:
        """Lengthen the columns: own ones where they are, as nobody else looks at them."""
        if not self._room:
            first, self._room = self._columns, max(end, _FIRST_ROOM)
            self._columns = [np.empty(self._room, column.dtype) for column in first]
            for column, written in zip(self._columns, first, strict=True):
                column[:begin] = written
        elif end > self._room:
            self._room = max(end, self._room + self._room // _GROWTH)
            for column in self._columns:
                column.resize(self._room, refcheck=False)

"""Parts of a list of events as columns, and the same columns joined."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from annt_prof.trace.columns import MISSING, Allocations, Events, ForwardLinks
from annt_prof.trace.growing import Growing
from annt_prof.trace.unread import UnreadEvents
from annt_prof.trace.unreadable import UnreadableEvents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from annt_prof.trace.columns import Geometry, Message, Thread, Unread
    from annt_prof.trace.unreadable import Unreadable


@dataclass(frozen=True, eq=False)
class Part:
    """What some of a document's events say; each value once, in the order of their appearance.

    Attributes:
        events: The complete ones.
        allocations: The memory events.
        forward_links: The forward-backward flows.
        names: Indexed by ``events``.
        threads: Likewise.
        allocation_threads: Indexed by ``allocations``, whose ``thread`` is no index into
            ``threads``. So it does not depend on how many parts a file is read in which thread
            comes first.
        link_threads: Indexed by ``forward_links``, likewise.
        geometries: Indexed by ``events``.
        messages: Likewise.
        num_clamped: Durations that were negative or overflowing, taken as 0.
        num_timeless: Complete events left out because they have no start.
        unread: Events that look like a device's and are of categories that are not understood.
        unreadable: Events left out because their time or duration cannot be read.
    """

    events: Events
    allocations: Allocations
    forward_links: ForwardLinks
    names: tuple[str, ...]
    threads: tuple[Thread, ...]
    allocation_threads: tuple[Thread, ...]
    link_threads: tuple[Thread, ...]
    geometries: tuple[Geometry, ...]
    messages: tuple[Message, ...]
    num_clamped: int
    num_timeless: int
    unread: tuple[Unread, ...]
    unreadable: tuple[Unreadable, ...]


class Joiner:
    """Joins parts in the order in which they are added, which is that of the file."""

    def __init__(self) -> None:
        self._names, self._threads, self._allocation_threads = _Values(), _Values(), _Values()
        self._link_threads, self._geometries, self._messages = _Values(), _Values(), _Values()
        self._events = Growing(Events)
        self._allocations = Growing(Allocations)
        self._forward_links = Growing(ForwardLinks)
        self._num_clamped = self._num_timeless = 0
        self._unread = UnreadEvents()
        self._unreadable = UnreadableEvents()

    def add(self, part: Part) -> None:
        """Append a part."""
        events = part.events
        self._events.add(
            replace(
                events,
                name=self._names.indices(part.names)[events.name],
                thread=self._threads.indices(part.threads)[events.thread],
                geometry=self._geometries.indices(part.geometries)[events.geometry],
                message=self._messages.indices(part.messages)[events.message],
            )
        )
        threads = self._allocation_threads.indices(part.allocation_threads)
        self._allocations.add(replace(part.allocations, thread=threads[part.allocations.thread]))
        threads = self._link_threads.indices(part.link_threads)
        self._forward_links.add(
            replace(part.forward_links, thread=threads[part.forward_links.thread])
        )
        self._num_clamped += part.num_clamped
        self._num_timeless += part.num_timeless
        self._unread.merge(part.unread)
        self._unreadable.merge(part.unreadable)

    def whole(self) -> Part:
        """Return all parts as one; there must be one at least, and none is kept."""
        return Part(
            events=self._events.whole(),
            allocations=self._allocations.whole(),
            forward_links=self._forward_links.whole(),
            names=tuple(self._names),
            threads=tuple(self._threads),
            allocation_threads=tuple(self._allocation_threads),
            link_threads=tuple(self._link_threads),
            geometries=tuple(self._geometries),
            messages=tuple(self._messages),
            num_clamped=self._num_clamped,
            num_timeless=self._num_timeless,
            unread=self._unread.counted(),
            unreadable=self._unreadable.counted(),
        )


class _Values(dict[Any, int]):
    """Different values, each with its number in the order of their appearance."""

    def indices(self, values: Iterable[Any]) -> NDArray[np.int32]:
        """Return the number of each value of a part, and as the last one that of no value."""
        numbers = [self.setdefault(value, len(self)) for value in values]
        return np.array([*numbers, MISSING], np.int32)

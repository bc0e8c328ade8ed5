"""The same reading over many files, here or by an executor of processes or machines."""

from __future__ import annotations

import functools
from collections import Counter
from concurrent.futures import BrokenExecutor, as_completed
from typing import TYPE_CHECKING

from annt_prof.analysis.ranks.summary import RankSummary, Unreadable, summarize
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor, Future

    from annt_prof.trace.remote import TraceFile

    Tell = Callable[[TraceFile, int, int], None]


def summaries(
    paths: Sequence[TraceFile],
    selection: slice,
    max_bytes: int,
    accelerator: bool | None,
    notify: Tell | None,
    executor: Executor | None,
) -> list[RankSummary | Unreadable]:
    """Return what each file leaves behind, in the order of the files' names.

    Args:
        paths: One trace per rank.
        selection: Positions of the steps, counted from 0.
        max_bytes: Bound on each file's decompressed size.
        accelerator: Whether the program used one; None where only the traces can tell.
        notify: As ``compare_ranks`` has it.
        executor: Reads them; None does so here, one after the other.

    Raises:
        UserError: A process that read them was killed.
    """
    ordered = sorted(paths, key=str)
    num_named = Counter(path.name for path in ordered)
    named = [(path, path.name if num_named[path.name] == 1 else str(path)) for path in ordered]
    if executor is None:
        read: list[RankSummary | Unreadable] = []
        for path, source in named:
            progress = None if notify is None else functools.partial(notify, path)
            read.append(summarize(path, source, selection, max_bytes, accelerator, progress))
        return read
    return _mapped(named, executor, notify, (selection, max_bytes, accelerator))


def _mapped(
    named: Sequence[tuple[TraceFile, str]],
    executor: Executor,
    notify: Tell | None,
    arguments: tuple[slice, int, bool | None],
) -> list[RankSummary | Unreadable]:
    place_of: dict[Future[RankSummary | Unreadable], int] = {
        executor.submit(summarize, path, source, *arguments): place
        for place, (path, source) in enumerate(named)
    }
    by_place: dict[int, RankSummary | Unreadable] = {}
    try:
        for future in as_completed(place_of):
            place = place_of[future]
            by_place[place] = future.result()
            if notify is not None:
                notify(named[place][0], len(by_place), len(named))
    except BrokenExecutor:
        raise UserError(
            "a process that read the traces was killed, most likely as memory ran out: each holds "
            "one trace at a time",
            hint="read fewer of them at once (--processes)",
        ) from None
    finally:
        for future in place_of:
            future.cancel()
    return [by_place[place] for place in range(len(named))]

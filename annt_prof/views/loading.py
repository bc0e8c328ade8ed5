"""A run as every face shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.compare.old_records import with_figures
from annt_prof.runs import store
from annt_prof.runs.event_log_reader import last_word_of, process_lives
from annt_prof.runs.layout import RUN_FILE, run_directory
from annt_prof.runs.signs import sign_of

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import Run

LIVES = "still running"
GONE = "its process ended without a last word"


class LoadedRun(NamedTuple):
    """A record, and how it stands with its run.

    Attributes:
        run: With the figures of today's version, and with why it stopped as far as its log tells
            where the record does not.
        is_over: Whether it is certain that nothing more will be measured.
    """

    run: Run
    is_over: bool


def load_run(place: Path, *, is_over: bool = False) -> LoadedRun:
    """Read a run.

    Args:
        place: A run directory, or the ``run.json`` in it, under whatever name.
        is_over: Whether the run's process is known to have ended.

    Raises:
        UserError: There is none, it is damaged, or a newer annt-prof wrote it.
    """
    run = with_figures(store.load(place))
    if not run.is_draft:
        return LoadedRun(run, is_over=True)
    directory = run_directory(place)
    if place not in (directory, directory / RUN_FILE):  # the log may be that of another run
        return LoadedRun(run, is_over=is_over)
    last_word = last_word_of(directory)
    if last_word is not None:
        run = with_figures(store.load(place))  # the final one is written before the last word
        stop = last_word.stop if run.is_draft else run.stop
        return LoadedRun(msgspec.structs.replace(run, stop=stop), is_over=True)
    if is_over or sign_of(directory) == "gone":
        return LoadedRun(msgspec.structs.replace(run, stop=GONE), is_over=True)
    # What is printed once must not claim it for a process that nobody sees.
    stop = LIVES if process_lives(directory) else run.stop
    return LoadedRun(msgspec.structs.replace(run, stop=stop), is_over=False)

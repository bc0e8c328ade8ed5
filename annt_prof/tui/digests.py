"""Screens that need traces: digests are made in processes of their own, and the last few kept.

A screen is a ``DigestScreen`` and asks ``self.digest(variant)`` as it builds its page: the digest,
or None while it is made, when a line above the page tells how far it is and Escape cancels it.
The page is built again once it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from annt_prof.errors import UserError
from annt_prof.tui.looks import toned
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.digest_progress import no_trace, progress_line, reason
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.app import ComposeResult

    from annt_prof.runs.digests import Digest
    from annt_prof.tui.digest_shelf import Shelf
    from annt_prof.views.screens.source import Source

_PERIOD_S = 0.05


class DigestScreen(PageScreen):
    """A screen that needs traces, read while it is open."""

    OWN_KEYS: ClassVar[dict[str, str]] = {
        "Escape": "while a trace is read: cancel that",
        "F5": "read again a trace that could not be read",
    }

    def __init__(self) -> None:
        super().__init__()
        self._awaited: dict[str, Path] = {}
        self._lacking: dict[str, UserError] = {}

    def compose(self) -> ComposeResult:
        """Yield what every screen has, and the line that tells of traces below the tabs."""
        parts = iter(super().compose())
        yield next(parts)
        yield Static(classes="digests")
        yield from parts

    def on_mount(self) -> None:
        """Look now and then whether a digest is there; the page is shown by the class above."""
        self.set_interval(_PERIOD_S, self._look)

    def digest(self, variant: str, source: Source | None = None) -> Digest | None:
        """Return the digest of a variant's trace; None while it is made, or where there is none.

        Why there is none is said above the page, and by ``why_none``.

        Args:
            variant: Of a run its name; of a trace file's source the file's name.
            source: Of another run than the one that is open.
        """
        where = self.dashboard.opened if source is None else source
        named = variant if source is None else f"{variant} of {source.title}"
        return self._digest(named, variant, where)

    def _digest(self, named: str, variant: str, source: Source) -> Digest | None:
        self._lacking.pop(named, None)
        self._awaited.pop(named, None)
        try:
            trace = source.traces.get(variant)
        except UserError as error:
            self._lacking[named] = error
            return None
        if trace is None:
            self._lacking[named] = no_trace(named)
            return None
        found = self._shelf.get(trace, keep=not self.dashboard.settings.read_only)
        if isinstance(found, UserError):
            self._lacking[named] = found
            return None
        if found is None:
            self._awaited[named] = trace
        return found

    @property
    def awaits(self) -> bool:
        """Whether a trace that it needs is being read."""
        return bool(self._awaited)

    def why_none(self, variant: str) -> UserError | None:
        """Return why there is no digest of a variant that was asked for; None while it is made."""
        return self._lacking.get(variant)

    def show_again(self) -> None:
        """Build the page anew; what was awaited for another page is so no longer."""
        self._awaited.clear()
        self._lacking.clear()
        super().show_again()
        self._tell()

    def key_escape(self) -> None:
        """Cancel what is being read."""
        for trace in self._awaited.values():
            self._shelf.cancel(trace)
        if self._awaited:
            self.show_again()

    def key_f5(self) -> None:
        """Read again what could not be read."""
        self._shelf.forget_refusals()
        self.show_again()

    @property
    def _shelf(self) -> Shelf:
        return self.dashboard.digests

    def _look(self) -> None:
        if self._awaited:
            self._tell()

    def _tell(self) -> None:
        """Say how far the traces are; build the page anew when one is there or refused."""
        states = {name: self._shelf.advance(trace) for name, trace in self._awaited.items()}
        lines = [progress_line(name, *state) for name, state in states.items() if state]
        if len(lines) < len(states):
            self.show_again()
            return
        told = [*lines, *self._reasons()]
        box = self.query_one(".digests", Static)
        box.update(toned("   ".join(told), Tone.UNSURE))
        box.display = bool(told)

    def _reasons(self) -> Iterator[str]:
        for variant, error in self._lacking.items():
            yield reason(variant, error)

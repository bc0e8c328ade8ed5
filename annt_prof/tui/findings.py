"""What takes a while to find out: worked out once for a source, in a thread, for every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from annt_prof.errors import UserError
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.explain.explanation import Explanation
    from annt_prof.tui.advising import AdvisingProcess
    from annt_prof.tui.app import Dashboard
    from annt_prof.views.advice_view import AdviceView
    from annt_prof.views.screens.source import Source

_Of = TypeVar("_Of")
_Found = TypeVar("_Found")


class Finding(Generic[_Of, _Found]):
    """One thing of whatever source is shown.

    Args:
        dashboard: Whose screens are shown again once it is known.
        name: Of what is found out, such as ``explanation``.
        find: Works it out; runs in a thread, and touches no widget.
    """

    def __init__(self, dashboard: Dashboard, name: str, find: Callable[[_Of], _Found]) -> None:
        self._dashboard = dashboard
        self._name = name
        self._find = find
        self._of: _Of | None = None
        self._found: _Found | UserError | None = None

    def get(self, of: _Of) -> _Found | None:
        """Return what was found, or None and begin to look for it.

        Raises:
            UserError: It cannot be found out.
        """
        if self._of != of:
            self._of, self._found = of, None
            # After the paint: imports in a thread would keep the first one waiting.
            self._dashboard.call_after_refresh(self._begin, of)
        if isinstance(self._found, UserError):
            raise self._found
        return self._found

    def _begin(self, of: _Of) -> None:
        self._dashboard.run_worker(
            lambda: self._work(of), name=self._name, group=self._name, thread=True
        )

    def _work(self, of: _Of) -> None:
        found: _Found | UserError
        try:
            found = self._find(of)
        except UserError as error:
            found = error
        if self._dashboard.is_running:  # it may have ended meanwhile
            self._dashboard.call_from_thread(self._take, of, found)

    def _take(self, of: _Of, found: _Found | UserError) -> None:
        if self._of == of:  # what is shown may be another by now
            self._found = found
            self._dashboard.show_screens_again()


class Findings:
    """All of them.

    Attributes:
        explanation: Of a run.
        advice: Of a run or a trace.
    """

    def __init__(self, dashboard: Dashboard) -> None:
        self.explanation: Finding[RunSource, Explanation] = Finding(
            dashboard, "explanation", _explanation
        )
        self.advice: Finding[Source, AdviceView] = Finding(dashboard, "advice", self._advice)
        self._advising: AdvisingProcess | None = None

    def close(self) -> None:
        """End what takes long."""
        if self._advising is not None:
            self._advising.close()

    def _advice(self, source: Source) -> AdviceView:
        # Slow to import, and screens without advice should not wait for it.
        if isinstance(source, RunSource):
            from annt_prof.views.advising import advice_of_run

            return advice_of_run(source.run)
        from annt_prof.tui.advising import AdvisingProcess

        if self._advising is None:
            self._advising = AdvisingProcess()
        return self._advising.advice_of_trace(source.path)


def _explanation(source: RunSource) -> Explanation:
    return source.explanation

"""What to try next, with the change that tries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from annt_prof.errors import UserError
from annt_prof.tui.messages import RunAsked
from annt_prof.tui.screens.split_screen import SplitScreen
from annt_prof.views.page import Lines
from annt_prof.views.screens.advice import CHANGE, DETAILS, PREDICTIONS, build_advice_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from textual.binding import BindingType

    from annt_prof.views.advice_view import AdviceView
    from annt_prof.views.page import Page
    from annt_prof.views.trial import Trial


class AdviceScreen(SplitScreen):
    """Shows what techniques could save; the cursor of their table chooses one."""

    SCREEN: ClassVar[Screen] = Screen.ADVICE
    CHOOSES: ClassVar[str] = PREDICTIONS
    DETAILS: ClassVar[frozenset[str]] = DETAILS
    OWN_KEYS: ClassVar[dict[str, str]] = {
        **SplitScreen.OWN_KEYS,
        "c": "copy the lines that turn the chosen technique on",
        "x": "run the scenario with the chosen technique; it is shown and asked for first",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_change", "Copy YAML"),
        Binding("x", "try_change", "Run with it"),
    ]

    def build_page(self) -> Page:
        """Return what could be saved; it comes when it is worked out."""
        source, findings = self.dashboard.opened, self.dashboard.findings
        if not isinstance(source, RunSource):
            return build_advice_page(source.title, findings.advice.get(source), chosen=self.chosen)
        _ = source.run  # what cannot be read at all is no lack of advice
        advice: AdviceView | UserError | None
        try:
            advice = findings.advice.get(source)
        except UserError as error:
            advice = error
        explanation = findings.explanation.get(source)
        return build_advice_page(source.title, advice, explanation, self.chosen)

    def action_copy_change(self) -> None:
        """Copy the YAML of the technique that is shown."""
        blocks = () if self.page is None else self.page.blocks
        change = next((b for b in blocks if isinstance(b, Lines) and b.key == CHANGE), None)
        if change is None:
            self.notify("no technique is chosen", severity="warning")
        elif not change.verbatim:
            self.notify(" ".join(s.text for s in change.lines), severity="warning", markup=False)
        else:
            self.app.copy_to_clipboard("".join(f"{said.text}\n" for said in change.lines))
            self.notify("copied the lines to add to the scenario", timeout=2)

    def action_try_change(self) -> None:
        """Show the run's scenario with the chosen technique, and ask whether to run it."""
        source, chosen = self.dashboard.source, self.chosen
        if self.dashboard.settings.read_only:
            self.notify("read-only: nothing is started", severity="warning")
        elif not isinstance(source, RunSource):
            self.notify("a trace has no scenario that could be run", severity="warning")
        elif chosen is None:
            self.notify("no technique is chosen", severity="warning")
        else:
            self.run_worker(
                lambda: self._prepare(source, chosen), group="trial", thread=True, exclusive=True
            )

    def _prepare(self, source: RunSource, technique: str) -> None:
        """Write and check the scenario; runs in a thread, as checking is slow to import."""
        from annt_prof.views.trial import build_trial

        try:
            trial = build_trial(source, technique)
        except UserError as error:
            self.app.call_from_thread(
                self.notify, str(error), severity="warning", markup=False, timeout=10
            )
        else:
            self.app.call_from_thread(self._ask, trial)

    def _ask(self, trial: Trial) -> None:
        from annt_prof.tui.screens.trial import TrialScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.post_message(RunAsked(trial.text, trial.name))

        self.app.push_screen(TrialScreen(trial), answered)

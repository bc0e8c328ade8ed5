"""A list of variants, of this run and of others, from which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from annt_prof.runs.listing import list_runs
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.screens.choice import Choice, build_choices

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.runs.listing import Listed
    from annt_prof.tui.messages import RowChosen


class VariantChoiceScreen(ModalScreen[Choice | None]):
    """Asks for a variant; None where none is wanted.

    Args:
        title: What it is for.
        here: The open run.
        runs_dir: Where the others lie.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Leave it")]
    AUTO_FOCUS = "DataTable"

    def __init__(self, title: str, here: Listed, runs_dir: Path) -> None:
        super().__init__()
        self._title = title
        self._here = here
        self._runs_dir = runs_dir
        self._choices = build_choices(title, here, None)

    def compose(self) -> ComposeResult:
        """Yield the list."""
        with Vertical(id="variant-choice"):
            yield SheetBlock(self._choices.sheet)
            yield Footer()

    def on_mount(self) -> None:
        """Read the other runs, of which there may be many."""
        self.run_worker(self._list, thread=True)

    def on_row_chosen(self, message: RowChosen) -> None:
        """Take the row that is entered, unless there is nothing to compare in it."""
        message.stop()
        if not message.entered:
            return
        choice = self._choices.of_row(message.row)
        if choice.problem:
            self.notify(choice.problem, severity="warning", markup=False)
        else:
            self.dismiss(choice)

    def _list(self) -> None:
        others = list_runs(self._runs_dir)
        self.app.call_from_thread(self._take, others)

    def _take(self, others: tuple[Listed, ...]) -> None:
        if self.is_mounted:
            self._choices = build_choices(self._title, self._here, others)
            self.query_one(SheetBlock).lay_out(self._choices.sheet)

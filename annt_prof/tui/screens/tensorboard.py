"""TensorBoard beside the dashboard: started here, and ended when this is closed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

_PERIOD_S = 0.3


class TensorBoardScreen(ModalScreen[None]):
    """Runs ``annt-prof tensorboard`` and shows what it says, its address among it.

    Args:
        directory: Of the run.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Stop TensorBoard and close"),
    ]

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory

    def compose(self) -> ComposeResult:
        """Yield what it says."""
        with Vertical(id="tensorboard"):
            yield Static(toned("starting TensorBoard ...", Tone.QUIET))

    def on_mount(self) -> None:
        """Start it."""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the screen
        self._server = subprocess.Popen(
            [sys.executable, "-m", "annt_prof", "tensorboard", str(self._directory)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # the terminal's Ctrl-C is the dashboard's
        )
        self.set_interval(_PERIOD_S, self._look)

    def on_unmount(self) -> None:
        """End it."""
        if self._server.poll() is None:
            self._server.terminate()
        self._output.close()

    def _look(self) -> None:
        self._output.seek(0)
        said = self._output.read().decode(errors="replace").strip()
        ended = self._server.poll() is not None
        how = "Escape closes this." if ended else "Escape stops it and closes this."
        text = said.replace("Ctrl-C stops it.", "") or "starting TensorBoard ..."
        lines = [*map(toned, text.splitlines()), toned(how, Tone.QUIET)]
        self.query_one(Static).update(Text("\n").join(lines))

"""How the dashboard is to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from annt_prof.views.screens.names import Screen


class Launcher(Protocol):
    """What starts runs in processes of their own."""

    @property
    def running(self) -> Path | None:
        """The directory of a run that was started and still goes on; None where none does."""

    def start(self, scenario_text: str, name: str) -> Path:
        """Start a scenario and return the run's directory.

        Raises:
            UserError: It cannot be started.
        """


@dataclass(frozen=True)
class Settings:
    """How the dashboard is to be.

    Attributes:
        runs_dir: Where runs lie that may be opened or compared.
        first: The screen that is open at first.
        ascii_only: Whether the font has nothing but ASCII.
        read_only: Whether nothing may be written, started or asked of a run.
        launcher: Starts runs; None where none may be started.
    """

    runs_dir: Path = Path("runs")
    first: Screen = Screen.OVERVIEW
    ascii_only: bool = False
    read_only: bool = False
    launcher: Launcher | None = None

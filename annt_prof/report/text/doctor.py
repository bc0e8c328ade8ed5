"""The checks of an installation, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof.report.text.lines import left

if TYPE_CHECKING:
    from rich.console import Console

    from annt_prof.doctor.diagnosis import Check
    from annt_prof.views.doctor_view import DoctorView

_STATUS_WIDTH = 8
_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def render_doctor(view: DoctorView, console: Console) -> None:
    """Print each check with its remedy, then whether a run can start."""
    width = max(len(check.name) for check in view.checks)
    for check in view.checks:
        # Lines are left to the terminal to wrap, so that a remedy can be copied whole.
        console.print(_line(check, width), soft_wrap=True)
    verdict = "a run can start here" if view.can_run else "a run cannot start here"
    console.print(f"\n{verdict}", highlight=False)


def _line(check: Check, width: int) -> Text:
    line = Text.assemble(
        (left(check.status, _STATUS_WIDTH), _STYLES[check.status]),
        (f"{left(check.name, width)}  ", "bold"),
        check.finding,
    )
    if check.remedy is not None:
        line.append(f"\n{left('', _STATUS_WIDTH + width)}  {check.remedy}", "cyan")
    return line

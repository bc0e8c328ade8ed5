"""What screens are built from: a run directory or one trace, read once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from annt_prof.runs.layout import RUN_FILE, TELEMETRY_FILE
from annt_prof.views.loading import LoadedRun, load_run
from annt_prof.views.run_view import build_run_view

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.check.result import CheckResult
    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.telemetry.series import Series
    from annt_prof.views.run_view import RunView


@dataclass(frozen=True, eq=False)
class RunSource:
    """A run directory as it was when it was first asked; nothing of it is read again.

    Attributes:
        directory: Of the run.
    """

    directory: Path

    @property
    def title(self) -> str:
        """What it is called."""
        return self.directory.name

    @property
    def folder(self) -> Path:
        """Where it lies, beside others."""
        return self.directory.parent

    @cached_property
    def _loaded(self) -> LoadedRun:
        return load_run(self.directory)

    @property
    def run(self) -> Run:
        """The record, with why it stopped as far as its log tells.

        Raises:
            UserError: There is none, it is damaged, or a newer annt-prof wrote it.
        """
        return self._loaded.run

    @property
    def is_over(self) -> bool:
        """Whether it is certain that nothing more will be measured; raises likewise."""
        return self._loaded.is_over

    @cached_property
    def run_view(self) -> RunView:
        """The answer; raises likewise."""
        return build_run_view(self.run)

    @cached_property
    def explanation(self) -> Explanation:
        """What each technique is worth, and why; raises likewise. Takes a second to import."""
        from annt_prof.explain.explaining import explain
        from annt_prof.machine import ceilings

        return explain(self.run, ceilings.recall(self.run.environment))

    @cached_property
    def check(self) -> CheckResult | None:
        """What its budgets came to when it was last checked; None where it never was.

        Raises:
            UserError: That is damaged, or of another version.
        """
        from annt_prof.check.kept import kept

        return kept(self.directory)

    @cached_property
    def telemetry(self) -> Series:
        """What was sampled; empty where nothing was."""
        from annt_prof.telemetry import series

        return series.read(self.directory / TELEMETRY_FILE)

    @cached_property
    def traces(self) -> dict[str, Path]:
        """The trace file of each variant that has one, there or not; raises likewise."""
        return {v.name: self.directory / v.trace for v in self.run.variants if v.trace is not None}

    def variant(self, name: str) -> VariantRecord | None:
        """Return the record of a variant; None where there is none of that name."""
        return next((v for v in self.run.variants if v.name == name), None)


@dataclass(frozen=True, eq=False)
class TraceSource:
    """One trace file of any PyTorch program.

    Attributes:
        path: The file.
    """

    path: Path

    @property
    def title(self) -> str:
        """What it is called."""
        return self.path.name

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.path.parent

    @property
    def traces(self) -> dict[str, Path]:
        """The file by its name."""
        return {self.path.name: self.path}


Source = RunSource | TraceSource


def is_trace(path: Path) -> bool:
    """Tell a trace from a run: any file but a run's record, there or only named like a trace.

    What a file of another kind is, is then said by what reads it.
    """
    return path.name != RUN_FILE and (path.name.endswith((".json", ".gz")) or path.is_file())

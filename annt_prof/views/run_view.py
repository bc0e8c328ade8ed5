"""The answer of a run: what was measured on what, what it came to, and where in the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.scenario.effective import EffectiveValue
from annt_prof.views.breakdown_view import BreakdownView, build_breakdown_view
from annt_prof.views.caveats_view import CaveatsView, build_caveats_view
from annt_prof.views.setting_view import SettingView, build_setting_view
from annt_prof.views.table_notes import TableNotes, build_table_notes
from annt_prof.views.variant_rows import (
    SaidOfVariant,
    TableColumns,
    VariantRow,
    build_table_columns,
    build_variant_rows,
    said_of_variants,
)

if TYPE_CHECKING:
    from annt_prof.runs.record import Run


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run, finished or not.

    Attributes:
        scenario: Every effective value with its origin.
        stop: Why measuring stopped.
        seed: Of the order of each round.
        setting: What was measured on what.
        caveats: What a reader must know before the figures.
        rows: Of the table of variants.
        columns: What these have in common.
        notes: What its figures are of; None where nothing was measured.
        said: What is said of variants beside the table.
        breakdown: Where the step goes.
        num_rounds, num_launches: That any variant has windows of.
        logs: Of variants that were lost, paths within the run directory.
        explainable: Whether any variant has figures.
        traced: Whether any variant has a trace or what one told.
    """

    run_id: str
    scenario_name: str
    scenario: tuple[EffectiveValue, ...]
    complete: bool
    stop: str
    seed: int
    telemetry_note: str
    setting: SettingView
    caveats: CaveatsView
    rows: tuple[VariantRow, ...]
    columns: TableColumns
    notes: TableNotes | None
    said: tuple[SaidOfVariant, ...]
    breakdown: BreakdownView
    num_rounds: int
    num_launches: int
    logs: tuple[str, ...]
    explainable: bool
    traced: bool


def build_run_view(run: Run) -> RunView:
    """Return all that faces show of a run, with every statistic filled in."""
    breakdown = build_breakdown_view(run)
    rows = build_variant_rows(run.variants, breakdown)
    windows = [window for variant in run.variants for window in variant.windows]
    return RunView(
        run_id=run.run_id,
        scenario_name=run.scenario_name,
        scenario=run.scenario,
        complete=run.complete,
        stop=run.stop,
        seed=run.seed,
        telemetry_note=run.telemetry_note,
        setting=build_setting_view(run),
        caveats=build_caveats_view(run),
        rows=rows,
        columns=build_table_columns(rows),
        notes=build_table_notes(run),
        said=said_of_variants(rows),
        breakdown=breakdown,
        num_rounds=len({window.round for window in windows}),
        num_launches=len({window.launch for window in windows}),
        logs=tuple(row.log for row in rows if row.log is not None),
        explainable=any(row.step_time is not None for row in rows),
        traced=any(row.trace is not None or row.traced is not None for row in rows),
    )

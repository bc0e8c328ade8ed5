"""Everything that writes to a run directory puts a variant's things into one folder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from annt_prof.categories import Phase
from annt_prof.plan import Variant
from annt_prof.runner.spans import Span
from annt_prof.runner.tracing import trace_variant
from annt_prof.runner.variant_state import VariantState
from annt_prof.runs import layout, logs, store
from annt_prof.tensorboard import log
from annt_prof.testing import TraceBuilder
from annt_prof.windows.messages import TracedRequest
from hand_made import run, variant

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runner.crew import Crew
    from annt_prof.runs.record import Run
    from annt_prof.windows.messages import Request

MS = 1_000_000
MIXED = "amp+channels_last"


class TracingCrew:
    """Of a crew what tracing needs: its workers write a trace where they are told to."""

    job = SimpleNamespace(machine=SimpleNamespace(device_type="cpu"))

    def ask_beside_measuring(self, _state: VariantState, request: Request, _lacks: str) -> object:
        if isinstance(request, TracedRequest):
            TraceBuilder().step(0, 10 * MS).phase(Phase.FORWARD, 0, 3 * MS).write(request.path)
            return object()
        return None

    def end(self, _states: list[VariantState]) -> None:
        pass


def files(directory: Path) -> list[str]:
    return sorted(str(f.relative_to(directory)) for f in directory.rglob("*") if f.is_file())


def recorded(directory: Path) -> Run:
    """A run whose second variant was traced and written as any run is."""
    state = VariantState(
        Variant(MIXED, ()), variant(MIXED, [90, 91], factors=("amp", "channels_last"))
    )
    crew = cast("Crew", TracingCrew())
    trace_variant(crew, state, directory, Span(5, 0, 1, False, 1.0), 5, lambda _event: None)
    record = run(variant("baseline", [100, 101]), state.record)
    store.write(directory, record)
    return record


def test_the_trace_of_a_mix_its_copy_and_its_events_share_a_folder(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "mixed", "name: mixed\n")
    record = recorded(directory)
    assert record.variants[1].trace == f"tensorboard/{MIXED}/kineto.json.gz"
    assert record.variants[1].breakdown is not None

    log.write(record, directory)
    assert {f.name for f in layout.tensorboard_folder(directory).iterdir()} == {
        "answer", "baseline", MIXED,
    }  # fmt: skip
    assert [name.split(".")[0] for name in files(layout.variant_folder(directory, MIXED))] == [
        "events", "kineto", "rank_0",
    ]  # fmt: skip
    curves = EventAccumulator(str(layout.variant_folder(directory, MIXED))).Reload()
    assert curves.Scalars("timed/step_time_ms")


def test_a_log_lies_under_the_name_of_its_variant(tmp_path: Path) -> None:
    printed, directory = tmp_path / "printed", tmp_path / "run"
    printed.mkdir()
    directory.mkdir()
    (printed / layout.log_name(MIXED)).write_text("Traceback ...")
    lost = (variant(MIXED, [], status="crashed", reason="RuntimeError"),)
    logs.keep(printed, directory, lost)
    (named,) = logs.named(lost, directory)
    assert named.log == f"logs/{MIXED}.log"
    assert (directory / named.log).read_text() == "Traceback ..."


def test_a_run_of_the_former_layout_opens_and_its_stale_log_goes(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "mixed", "name: mixed\n")
    record = recorded(directory)
    former = layout.tensorboard_folder(directory) / "amp_channels_last"
    former.mkdir()
    (former / "events.out.tfevents.1.host.1.1").touch()
    (former / "rank_0.1.pt.trace.json.gz").touch()
    assert store.load(directory) == record

    log.write(store.load(directory), directory)
    assert not former.exists()
    assert (directory / f"tensorboard/{MIXED}/kineto.json.gz").exists()


def test_a_technique_that_bears_the_former_folders_name_keeps_its_log(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "mixed", "name: mixed\n")
    record = run(variant("amp_channels_last", [100, 101]), variant(MIXED, [90, 91]))
    store.write(directory, record)
    log.write(record, directory)
    for each in record.variants:
        curves = EventAccumulator(str(layout.variant_folder(directory, each.name))).Reload()
        assert curves.Scalars("timed/step_time_ms")


@pytest.mark.parametrize("name", ["../../escaped", "..", ".", "", "a/b", "C:\\x", "a\x1b[31m"])
def test_a_hostile_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = layout.variant_folder(tmp_path, name)
    assert folder.parent == layout.tensorboard_folder(tmp_path)
    assert folder.name not in {"", ".", ".."}
    assert (tmp_path / layout.log_path(name)).parent == tmp_path / "logs"


def test_a_run_is_named_by_its_directory_or_its_record(tmp_path: Path) -> None:
    (tmp_path / layout.RUN_FILE).touch()
    assert layout.run_directory(tmp_path) == tmp_path
    assert layout.run_directory(tmp_path / layout.RUN_FILE) == tmp_path

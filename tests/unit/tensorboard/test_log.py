"""The whole log, read back with TensorBoard's own reader."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.record import Run
from annt_prof.tensorboard import log
from annt_prof.testing import TraceBuilder

MS = 1_000_000


@pytest.fixture
def directory(run: Run, tmp_path: Path) -> Path:
    directory = tmp_path / run.run_id
    for name in ("baseline", "amp"):
        folder = directory / "tensorboard" / name
        folder.mkdir(parents=True)
        builder = TraceBuilder().step(0, 10 * MS).phase(Phase.DATA_LOADING, 0, 3 * MS)
        builder.write(folder / "kineto.json.gz")
    store.write(directory, run)
    return directory


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder)).Reload()


def files(directory: Path) -> list[str]:
    found = (directory / "tensorboard").rglob("*")
    return sorted(str(f.relative_to(directory)) for f in found if f.is_file())


def test_scalars_lie_in_a_run_per_variant(run: Run, directory: Path) -> None:
    log.write(run, directory)
    baseline = read(directory / "tensorboard" / "baseline")
    points = baseline.Scalars("timed/step_time_ms")
    assert [(p.step, p.value) for p in points] == [(0, 40), (1, 41), (2, 42)]
    assert baseline.Scalars("breakdown_ms/backward")[0].value == 22
    amp = read(directory / "tensorboard" / "amp")
    assert amp.Scalars("speedup/ratio")[0].value == pytest.approx(1.3312)
    assert not (directory / "tensorboard" / "pin_memory").exists()


def test_the_answer_is_a_card_and_a_picture(run: Run, directory: Path) -> None:
    log.write(run, directory)
    answer = read(directory / "tensorboard" / "answer")
    assert answer.PluginTagToContent("text").keys() == {"answer"}
    (card,) = answer.Tensors("answer")
    assert "faster: 1.33x" in card.tensor_proto.string_val[0].decode()
    (picture,) = answer.Images("breakdown")
    assert picture.encoded_image_string.startswith(b"\x89PNG")
    assert (picture.width, picture.height) > (500, 200)


def test_the_plugins_copy_lies_beside_the_original(run: Run, directory: Path) -> None:
    log.write(run, directory)
    (copy,) = (directory / "tensorboard" / "amp").glob("*.pt.trace.json.gz")
    assert copy.name == "rank_0.1767323045000.pt.trace.json.gz"
    names = [e["name"] for e in json.loads(gzip.decompress(copy.read_bytes()))["traceEvents"]]
    assert "enumerate(DataLoader)#annt_prof::data_loading.__next__" in names
    original = copy.with_name("kineto.json.gz").read_bytes()
    assert b"enumerate(DataLoader)" not in gzip.decompress(original)


def test_writing_again_replaces(run: Run, directory: Path) -> None:
    stale = directory / "tensorboard" / "amp" / "host_1.12345.pt.trace.json.gz"
    stale.write_bytes(b"")
    log.write(run, directory)
    before = files(directory)
    changed = msgspec.structs.replace(
        run, variants=(run.variants[0], msgspec.structs.replace(run.variants[1], windows=()))
    )
    log.write(changed, directory)
    assert len(files(directory)) == len(before)
    assert not stale.exists()
    amp = read(directory / "tensorboard" / "amp")
    assert "timed/step_time_ms" not in amp.Tags()["scalars"]
    assert [p.step for p in amp.Scalars("speedup/ratio")] == [0, 2]
    assert [p for p in directory.iterdir() if p.name.startswith(".")] == []


def test_a_variant_that_was_lost_keeps_no_old_curves(run: Run, directory: Path) -> None:
    log.write(run, directory)
    lost = msgspec.structs.replace(run.variants[2], name="amp")
    log.write(msgspec.structs.replace(run, variants=(run.variants[0], lost)), directory)
    assert [f for f in files(directory) if "/amp/" in f] == ["tensorboard/amp/kineto.json.gz"]


@pytest.mark.parametrize("content", [b"", gzip.compress(b"{}")[:-4], None])
def test_an_unreadable_trace_costs_its_copy_and_is_told(
    run: Run, directory: Path, content: bytes | None
) -> None:
    original = directory / "tensorboard" / "amp" / "kineto.json.gz"
    original.write_bytes(content) if content is not None else original.unlink()
    log.write(run, directory)
    assert not list(original.parent.glob("*.pt.trace.json.gz"))
    assert list((directory / "tensorboard" / "baseline").glob("*.pt.trace.json.gz"))
    (card,) = read(directory / "tensorboard" / "answer").Tensors("answer")
    said = card.tensor_proto.string_val[0].decode()
    assert "amp is missing from the PyTorch Profiler tab" in said


def test_names_and_paths_from_the_record_lead_nowhere_else(run: Run, directory: Path) -> None:
    outside = directory.parent / "outside.json"
    outside.write_text('{"traceEvents": []}')
    evil = msgspec.structs.replace(
        run.variants[1], name="../../../escaped", trace="../outside.json"
    )
    log.write(msgspec.structs.replace(run, variants=(run.variants[0], evil)), directory)
    assert {p.name for p in directory.parent.iterdir()} == {run.run_id, "outside.json"}
    assert not list(directory.rglob("*escaped/*.pt.trace.json.gz"))
    assert read(directory / "tensorboard" / "_.._.._escaped").Scalars("speedup/ratio")


def test_a_directory_that_cannot_be_written_is_the_users_to_mend(run: Run, directory: Path) -> None:
    answer = directory / "tensorboard" / "answer"
    answer.write_text("a file where a directory must be")
    with pytest.raises(UserError, match="cannot be written"):
        log.write(run, directory)


def test_a_log_is_current_until_the_record_changes(run: Run, directory: Path) -> None:
    assert not log.is_current(directory)
    log.write(run, directory)
    assert log.is_current(directory)
    later_ns = (directory / "run.json").stat().st_mtime_ns + 10 * 10**9
    os.utime(directory / "run.json", ns=(later_ns, later_ns))
    assert not log.is_current(directory)


def test_no_heavy_library_is_imported(directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from annt_prof.runs import store\n"
        "from annt_prof.tensorboard import log\n"
        f"d = Path({str(directory)!r}); log.write(store.load(d), d)\n"
        "print(sorted(set(sys.modules) & {'torch', 'pandas', 'tensorflow', 'pydantic'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

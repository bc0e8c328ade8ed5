"""``annt-prof baseline``: what a user types, sees and finds on disk."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from annt_prof.cli import main
from annt_prof.remarks import Remark, Source
from annt_prof.runs import store
from annt_prof.runs.record import STOP_UNTOLD
from hand_made import GPU, SUBSTITUTIONS, breakdown, lost, run, variant

FIVE = [10.0, 10.1, 10.2, 10.3, 10.4]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few runs, in which commands are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    amp = variant("amp", [5.0] * 5)
    first = run(variant("baseline", FIVE), amp, lost("tf32", "crashed", "segfault"))
    records = {
        "first": first,
        "second": replace(first, variants=(variant("baseline", [ms * 1.01 for ms in FIVE]), amp)),
        "gpu": replace(first, environment=GPU),
        "few": run(variant("baseline", FIVE[:3])),
        "killed": replace(first, complete=False, stop=STOP_UNTOLD),
        "stand_in": replace(first, substitutions=SUBSTITUTIONS),
    }
    for name, record in records.items():
        directory = tmp_path / "runs" / name
        directory.mkdir(parents=True)
        store.write(directory, replace(record, run_id=name))
    return tmp_path


def kept(place: Path, folder: str = "reports/baselines") -> list[Path]:
    return sorted((place / folder).rglob("*.json"))


def test_accept_says_what_it_wrote_and_what_it_left_out(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "accept", "first"]) == 0
    said = capsys.readouterr().out
    (path,) = kept(place)
    assert "kept: baseline main of vit_amp, 1 run\n" in said
    assert str(path.relative_to(place)) in said
    assert "! tf32 is left out: crashed: segfault" in said
    assert main(["baseline", "accept", "runs/first"]) == 0
    assert capsys.readouterr().out.startswith("replaced: baseline main")
    assert kept(place) == [path]


def test_name_folder_metrics_and_further_runs_are_chosen(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--name", "nightly", "--baselines", "elsewhere", "--only", "step_time, throughput"]
    assert main(["baseline", "accept", "first", *chosen]) == 0
    assert main(["baseline", "accept", "second", *chosen, "--again"]) == 0
    (path,) = kept(place, "elsewhere")
    assert path.parent.name == "nightly"
    document = json.loads(path.read_text())
    assert [each["run_id"] for each in document["runs"]] == ["first", "second"]
    figures = document["runs"][1]["variants"]["baseline"]["figures"]
    assert set(figures) == {"step_time", "throughput"}
    assert kept(place) == []
    capsys.readouterr()
    assert main(["baseline", "show", "nightly", "--baselines", "elsewhere"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["baseline", "step_time", "10.25", "ms", "1.6", "%", "1.0", "%", "10"] in rows


def test_what_no_budget_can_be_held_to_is_said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that is no check's traces one launch, and compiles in one."""
    shown = breakdown(10.0, forward=0.5, backward=0.5)
    (place / "runs" / "traced").mkdir()
    traced = run(variant("baseline", FIVE, breakdown=shown), run_id="traced")
    store.write(place / "runs" / "traced", traced)
    assert main(["baseline", "accept", "traced"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "no budget can be held to forward, backward" in told
    assert "a check of a scenario with such a budget has one of each launch" in told
    assert main(["baseline", "accept", "first"]) == 0
    assert "no budget can be held" not in capsys.readouterr().out


def test_nothing_but_accept_writes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["list"], ["list", "--json"]):
        assert main(["baseline", *arguments]) == 0
    assert "none; annt-prof baseline accept RUN writes one" in capsys.readouterr().out
    assert not (place / "reports").exists()
    main(["baseline", "accept", "first"])
    (path,) = kept(place)
    before = path.read_bytes(), path.stat().st_mtime_ns
    for arguments in (["list"], ["show"], ["show", str(path), "--json"]):
        assert main(["baseline", *arguments]) == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert kept(place) == [path]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["accept", "nome"], "there is no such run"),
        (["accept", "few"], "it has 3 launches, and a baseline takes 5 at least"),
        (["accept", "killed"], "is not a whole run"),
        (["accept", "first", "gpu"], "device type: cpu -> cuda"),
        (["accept", "first", "stand_in"], "stand-ins: none -> data of cifar10"),
        (["accept", "first", "--again"], "to add to"),
        (["accept", "first", "--name", "../x"], "cannot name a baseline"),
        (["accept", "first", "--only", "speed"], 'there is no metric "speed"'),
        (["accept", "first", "--only", ","], "give at least one metric"),
        (["accept"], "Missing argument 'RUN...'"),
        (["show", "nome"], 'there is no baseline "nome"'),
        (["show", "nome.json"], "nome.json: there is no baseline here"),
        (["show", "runs/first/run.json"], "is not a baseline, or is damaged"),
        (["shw"], "No such command"),
    ],
)
def test_what_can_be_mended_is_one_message_and_changes_no_file(
    place: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(place.rglob("*"))
    assert main(["baseline", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert len(err.splitlines()) <= 5
    assert sorted(place.rglob("*")) == before


def test_the_lists_json_names_every_baseline(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in ("first", "gpu"):
        main(["baseline", "accept", name])
    capsysbinary.readouterr()
    assert main(["baseline", "list", "--json"]) == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert document["schema_version"] == 1
    told = {each["device"]: each for each in document["baselines"]}
    assert set(told) == {"AMD EPYC 7B13", "NVIDIA H100 80GB HBM3"}
    one = told["AMD EPYC 7B13"]
    assert (one["name"], one["scenario_name"], one["launches"]) == ("main", "vit_amp", 5)
    assert one["variants"] == ["baseline", "amp"]
    assert (place / one["file"]).exists()


def test_the_document_of_one_has_every_figure(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    record = store.load(place / "runs" / "stand_in")
    remark = Remark(Source.PITFALL, "said", key="copies_in_passes")
    slow, *others = record.variants
    told = replace(record, variants=(replace(slow, remarks=(remark,)), *others))
    store.write(place / "runs" / "stand_in", told)
    main(["baseline", "accept", "stand_in"])
    capsysbinary.readouterr()
    assert main(["baseline", "show", "--json"]) == 0
    (shown,) = json.loads(capsysbinary.readouterr().out)["baselines"]
    assert shown["machine"]["torch"] == "2.15.0"
    assert shown["stand_ins"] == ["data of cifar10"]
    assert shown["pitfalls"] == {"baseline": ["copies_in_passes"]}
    (time,) = (
        each
        for each in shown["figures"]
        if (each["variant"], each["metric"]) == ("baseline", "step_time")
    )
    assert time["dimension"] == "time"
    assert time["middle"] == pytest.approx(10.199e6, rel=1e-4)
    assert (time["launches"], time["furthest"]) == (5, None)
    assert time["spread"] == pytest.approx(0.0155, rel=1e-2)


def test_names_from_a_file_are_data(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["baseline", "accept", "first"])
    (path,) = kept(place)
    path.write_text(path.read_text().replace("AMD EPYC 7B13", "[bold]x\\u001b[31m"))
    capsys.readouterr()
    for command in ("list", "show"):
        assert main(["baseline", command]) == 0
        said = capsys.readouterr().out
        assert "[bold]x\\x1b[31m" in said.replace("\n", "")

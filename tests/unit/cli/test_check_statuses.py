"""How a check ends, and in which ways its result is told."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from annt_prof.check.result import CheckResult
from annt_prof.cli.verdicts import Wanted, status_of, tell
from annt_prof.errors import UserError
from hand_made import lost, run, variant
from hand_made_checks import CHECKS

WHOLE = run(variant("baseline", [10.0] * 5))
STOPPED = msgspec.structs.replace(WHOLE, complete=False)
CRASHED = run(variant("baseline", [10.0] * 5), lost("amp", "crashed", "segfault"))
CROWDED = run(variant("baseline", [10.0] * 5), lost("amp", "out_of_memory", "4 GiB"))
ABSENT = run(
    variant("baseline", [10.0] * 5),
    lost("pin_memory", "not_applicable", "no accelerator"),
    lost("tf32", "not_measured", "skipped from the dashboard"),
)


@pytest.mark.parametrize(
    ("found", "of", "wanted", "status"),
    [
        ("pass", WHOLE, {}, 0),
        ("failure", WHOLE, {}, 1),
        ("inconclusive", WHOLE, {}, 4),
        ("skipped", WHOLE, {}, 5),
        ("win", WHOLE, {}, 0),
        ("win", WHOLE, {"fail_on_win": True}, 1),
        ("pass", WHOLE, {"fail_on_win": True}, 0),
        # A pipeline says how it wants what was not told.
        ("inconclusive", WHOLE, {"inconclusive": "pass"}, 0),
        ("inconclusive", WHOLE, {"inconclusive": "fail"}, 1),
        ("inconclusive", WHOLE, {"on_mismatch": "pass"}, 4),
        ("skipped", WHOLE, {"on_mismatch": "pass"}, 0),
        ("skipped", WHOLE, {"on_mismatch": "fail"}, 1),
        ("skipped", WHOLE, {"inconclusive": "pass"}, 5),
        ("failure", WHOLE, {"inconclusive": "pass", "on_mismatch": "pass"}, 1),
        # A run that did not end well is never green, whatever is wanted.
        ("pass", STOPPED, {}, 130),
        ("skipped", STOPPED, {"on_mismatch": "pass"}, 130),
        ("failure", STOPPED, {}, 1),
        ("pass", CRASHED, {}, 3),
        ("inconclusive", CROWDED, {"inconclusive": "pass"}, 3),
        ("skipped", CRASHED, {"on_mismatch": "pass"}, 3),
        ("win", CRASHED, {"fail_on_win": True}, 3),
        ("failure", CRASHED, {}, 1),
        ("pass", ABSENT, {}, 0),
    ],
)
def test_statuses(found: str, of: object, wanted: dict[str, object], status: int) -> None:
    assert status_of(CHECKS[found], of, Wanted(**wanted)) == status  # type: ignore[arg-type]


def test_every_way_of_telling_it_at_once(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("what ran before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = {name: tmp_path / "new" / name for name in ("markdown", "junit", "result")}
    wanted = Wanted(as_json=True, github=True, **files)  # type: ignore[arg-type]
    tell(CHECKS["failure"], wanted)
    out, err = capsysbinary.readouterr()
    assert json.loads(out)["outcome"] == "fail"  # one document, and nothing behind it
    assert b"::error file=" in err
    assert "step_time" in files["markdown"].read_text()
    assert ElementTree.fromstring(files["junit"].read_bytes()).find(".//failure") is not None
    assert msgspec.json.decode(files["result"].read_bytes(), type=CheckResult) == CHECKS["failure"]
    assert summary.read_text().startswith("what ran before\n")
    assert "step_time" in summary.read_text()


def test_beside_text_annotations_come_last_and_text_is_no_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path.cwd().parent))
    tell(CHECKS["failure"], Wanted(github=True))
    out, err = capsys.readouterr()
    begin, *rest = out.splitlines()
    token = begin.removeprefix("::stop-commands::")
    assert len(token) == 32
    end = rest.index(f"::{token}::")
    assert any("step_time" in line for line in rest[:end])
    assert rest[end + 1].startswith(f"::error file={Path.cwd().name}/ci.yaml,")
    assert err == ""


def test_without_github_nothing_is_added_to_its_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    tell(CHECKS["failure"], Wanted())
    assert "::error" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("wanted", "kind"), [("status", "skipped"), ("fail", "error")])
def test_what_is_no_pass_is_no_pass_in_junit(tmp_path: Path, wanted: str, kind: str) -> None:
    file = tmp_path / "junit.xml"
    tell(CHECKS["inconclusive"], Wanted(junit=file, inconclusive=wanted))  # type: ignore[arg-type]
    assert len(ElementTree.fromstring(file.read_bytes()).findall(f".//{kind}")) == 1


@pytest.mark.parametrize("option", ["markdown", "junit", "result"])
def test_a_file_that_cannot_be_written_is_one_message(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    wanted = Wanted(**{option: tmp_path / "file" / "below"})
    with pytest.raises(UserError, match="cannot be written: ") as raised:
        tell(CHECKS["pass"], wanted)
    assert raised.value.where == f"--{option}"
    assert "step_time" in capsys.readouterr().out  # it was measured, and is told


def test_who_goes_away_before_the_end_has_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("annt_prof.cli.verdicts._print", gone)
    files = {name: tmp_path / name for name in ("markdown", "junit", "result")}
    with pytest.raises(BrokenPipeError):
        tell(CHECKS["failure"], Wanted(**files))  # type: ignore[arg-type]
    assert all(file.stat().st_size for file in files.values())


def test_a_summary_that_cannot_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "gone" / "summary.md"))
    with pytest.raises(UserError, match="cannot be written: No such file") as raised:
        tell(CHECKS["pass"], Wanted(github=True))
    assert raised.value.where == "GITHUB_STEP_SUMMARY"

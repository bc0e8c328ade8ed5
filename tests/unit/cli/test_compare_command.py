"""``annt-prof compare``: which variants are meant, and what is said of them."""

import json
from pathlib import Path

import msgspec
import pytest

from annt_prof.cli import main
from annt_prof.runs import store
from hand_made import CPU, run, variant

OLD, NEW = "20260101-000000-vit", "20260201-000000-vit"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, ms in ((OLD, 20.0), (NEW, 22.0)):
        baseline = [ms, ms + 0.1, ms - 0.1, ms]
        record = run(variant("baseline", baseline), variant("amp", [t / 2 for t in baseline]))
        (tmp_path / name).mkdir()
        store.write(tmp_path / name, msgspec.structs.replace(record, run_id=name))
    return tmp_path


def printed(root: Path, capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(["compare", *given, "--runs-dir", str(root)]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("given", "first", "second"),
    [
        ((OLD, NEW), f"amp of {OLD}", f"amp of {NEW}"),
        ((f"{OLD}:baseline", ":amp"), f"baseline of {OLD}", f"amp of {OLD}"),
        ((":baseline", ":amp"), f"baseline of {NEW}", f"amp of {NEW}"),
        ((f"{OLD}:baseline", NEW), f"baseline of {OLD}", f"baseline of {NEW}"),
        ((OLD, f"{NEW}:baseline"), f"baseline of {OLD}", f"baseline of {NEW}"),
        ((f"{OLD}:baseline", f"{NEW}:amp"), f"baseline of {OLD}", f"amp of {NEW}"),
        ((f"{OLD}:baseline", OLD), f"baseline of {OLD}", f"amp of {OLD}"),
    ],
)
def test_each_side_is_what_was_meant(
    root: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str], first: str, second: str
) -> None:
    shown = printed(root, capsys, *given)
    assert f"first {first} (" in shown
    assert f"second {second} (" in shown


def test_within_a_run_it_is_paired(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(root, capsys, ":baseline", ":amp")
    assert "paired by round: faster: 2.0000x" in shown
    assert "throughput 2.000x 2.000x to 2.000x 4 pairs" in shown
    assert "different times" not in shown


def test_two_runs_have_an_interval_and_a_caution(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed(root, capsys, OLD, NEW)
    assert "unpaired launches: slower: 0.91x (95 % interval" in shown
    assert "4 and 4 launches)" in shown
    assert "measured at different times, so what drifted between them is in every ratio" in shown
    assert "neither an interval nor a verdict" not in shown
    assert "step time 1.100x" in shown
    assert "peak memory: not recorded for each launch, so there is no interval" in shown


def test_other_machines_are_named_and_not_judged(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = store.load(root / NEW)
    other = msgspec.structs.replace(CPU, cpu_name="another")
    store.write(root / NEW, msgspec.structs.replace(record, environment=other))
    shown = printed(root, capsys, OLD, NEW)
    assert "no verdict figures of different machines or data do not compare: host CPU" in shown
    assert "slower" not in shown
    assert shown.index("host CPU AMD EPYC 7B13 another") < shown.index("step time")


def test_json_has_the_ratios(root: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["compare", OLD, NEW, "--json", "--runs-dir", str(root)]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    (ratios,) = (block for block in found["blocks"] if block["key"] == "ratios")
    assert [row["key"] for row in ratios["rows"]] == ["step_time", "throughput", "peak_memory"]
    step = ratios["rows"][0]["cells"]
    assert step[1]["value"] == pytest.approx(1.1, abs=0.001)
    assert step[2]["value"] < 1.1 < step[2]["high"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nope", NEW), "there is no such run"),
        (
            (f"{OLD}:amq", NEW),
            "no variant 'amq' in 20260101-000000-vit\nhint: did you mean \"amp\"",
        ),
        ((OLD, f"{OLD}:amp"), f"this is amp of {OLD} twice"),
        ((f"{OLD}:", NEW), "there is no variant behind the colon"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str], said: str
) -> None:
    assert main(["compare", *given, "--runs-dir", str(root)]) == 2
    assert said in capsys.readouterr().err


def test_a_run_with_a_colon_in_its_name_is_itself(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / NEW).rename(root / "odd:amp")
    assert "second amp of odd:amp (" in printed(root, capsys, OLD, "odd:amp")

"""``annt-prof history``."""

import json
from pathlib import Path

import pytest

from annt_prof.cli import main
from annt_prof.runs import store
from hand_made import run, variant


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for day in (1, 2, 3):
        directory = tmp_path / f"2026070{day}-000000-vit_amp"
        directory.mkdir()
        means = [20.0 + day, 20.1 + day, 20.2 + day]
        created = f"2026-07-0{day}T00:00:00+00:00"
        store.write(directory, run(variant("baseline", means), created=created))
    return tmp_path


def values(root: Path, capfdbinary: pytest.CaptureFixture[bytes], *given: str) -> list[float]:
    assert main(["history", *given, "--json", "--runs-dir", str(root)]) == 0
    (series,) = json.loads(capfdbinary.readouterr().out)["series"]
    return [run["value"] for run in series["runs"]]


def test_options_choose_what_is_shown(
    root: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert values(root, capfdbinary) == [21.1e6, 22.1e6, 23.1e6]
    assert values(root, capfdbinary, "vit_amp", "--last", "1") == [23.1e6]
    rates = values(root, capfdbinary, "--metric", "throughput", "--variant", "baseline")
    assert rates == pytest.approx([8e9 / 21.1e6, 8e9 / 22.1e6, 8e9 / 23.1e6])


def test_a_scenario_may_be_given_by_its_file(
    root: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(
        "name: vit_amp\nmodel: {source: torchvision, name: resnet18}\n"
        "dataset: {name: cifar10, batch_size: 4}\n"
    )
    assert len(values(root, capfdbinary, str(file))) == 3


def test_it_is_printed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--runs-dir", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "baseline of vit_amp" in shown
    assert "3 runs: whether the level changed is told from 6 runs on" in shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("vit_am",), 'did you mean "vit_amp"?'),
        (("--variant", "base"), 'did you mean "baseline"?'),
        (("--metric", "energy"), "Invalid value"),
        (("--last", "0"), "Invalid value"),
    ],
)
def test_what_is_not_there_has_status_2(
    root: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], said: str
) -> None:
    assert main(["history", *given, "--runs-dir", str(root)]) == 2
    assert said in capsys.readouterr().err

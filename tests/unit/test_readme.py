"""What the README shows as output is what the program prints."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from annt_prof.cli import advise, analyze

ROOT = Path(__file__).parents[2]
TRACES = ROOT.parent / "shared" / "traces"
COMMANDS = {"analyze": analyze.command, "advise": advise.command}
SAMPLE = re.compile(
    r"^```\n\$ annt-prof (analyze|advise) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
LEFT_OUT = "..."


def samples() -> list[tuple[str, str, list[str]]]:
    """Return the commands that the README gives traces, each with these and the lines it shows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return [(command, name, shown.splitlines()) for command, name, shown in SAMPLE.findall(readme)]


def follow(shown: list[str], printed: list[str]) -> str | None:
    """Return the first line that does not stand where the sample says; None where all do.

    Where the sample says that lines are left out the next one may stand anywhere further on; all
    others are neighbours. Empty lines around a table do not count.
    """
    lines = iter([line.rstrip() for line in printed if line.strip()])
    near = False
    for line in (line.rstrip() for line in shown if line.strip()):
        if line.strip() == LEFT_OUT:
            near = False
            continue
        if line not in (([next(lines, None)]) if near else lines):
            return line
        near = True
    return None


def test_there_is_a_sample_and_a_wrong_one_is_seen() -> None:
    assert {command for command, _, _ in samples()} == set(COMMANDS)
    printed = ["a", "b", "", "c", "d"]
    assert follow(["a", "b", "c"], printed) is None
    assert follow(["...", "b", "...", "d"], printed) is None
    assert follow(["a", "c"], printed) == "c"
    assert follow(["...", "c", "...", "b"], printed) == "b"


@pytest.mark.skipif(not TRACES.is_dir(), reason="no traces of real devices beside the checkout")
@pytest.mark.parametrize(("command", "name", "shown"), samples())
def test_a_sample_is_what_the_command_prints(
    command: str, name: str, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(TRACES)
    result = CliRunner().invoke(COMMANDS[command], [name])
    assert result.exit_code == 0
    assert follow(shown, result.stdout.splitlines()) is None

import errno
import gc
import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from annt_prof import __version__
from annt_prof.cli import COMMANDS, group, main, program
from annt_prof.cli.endings import unwritten
from annt_prof.errors import UserError


@click.command()
@click.option("--how", required=True, help="How to fail.")
def failing(how: str) -> None:
    """Fail."""
    failures: dict[str, BaseException] = {
        "user": UserError("unknown key \x1b[31m", where="a.yaml:1:2", hint="do\nthis"),
        "bug": ZeroDivisionError("a bug"),
        "interrupt": KeyboardInterrupt(),
        "status": SystemExit(3),
    }
    raise failures[how]


@pytest.fixture
def with_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("annt_prof.cli.failing")
    module.command = failing
    monkeypatch.setitem(sys.modules, "annt_prof.cli.failing", module)
    monkeypatch.setitem(COMMANDS, "failing", "Fail.")


@pytest.mark.usefixtures("with_failing")
class TestEndings:
    def test_a_user_error_is_printed_without_traceback(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["failing", "--how", "user"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == "a.yaml:1:2: unknown key \\x1b[31m\nhint: do\nthis\n"

    def test_a_bug_keeps_its_traceback(self) -> None:
        with pytest.raises(ZeroDivisionError):
            main(["failing", "--how", "bug"])

    def test_a_bug_does_not_end_as_a_broken_budget_does(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["annt-prof", "failing", "--how", "bug"])
        monkeypatch.setattr(gc, "freeze", lambda: None)  # this process goes on
        with pytest.raises(SystemExit) as ended:
            program()
        assert ended.value.code == 70
        assert "ZeroDivisionError: a bug" in capsys.readouterr().err

    def test_ctrl_c_has_the_shells_status(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["failing", "--how", "interrupt"]) == 130
        assert "interrupted" in capsys.readouterr().err

    def test_a_commands_own_status_is_kept(self) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["failing", "--how", "status"])
        assert ended.value.code == 3

    def test_bad_usage_has_status_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["failing"]) == 2
        assert "--how" in capsys.readouterr().err


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if f"  {name} " not in shown] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("rnu", 'did you mean "run"?'),
        ("vit.yaml", "did you mean annt-prof run vit.yaml?"),
        ("xyzzy", "allowed: run, dash"),
    ],
)
def test_a_wrong_name_gets_the_nearest(
    typed: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == 2
    assert advice in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    command = importlib.import_module(f"annt_prof.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.help
    assert len(COMMANDS[name]) <= 60
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [o.name for o in options if not o.help] == []
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    undocumented = [a.make_metavar(click.Context(command)).strip("[]") for a in arguments]
    unmentioned = [m for m in undocumented if "|" not in m and m not in command.help]
    assert unmentioned == []


def complete(words: str, position: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "annt_prof"],
        env=os.environ
        | {
            "_ANNT_PROF_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(position),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_shell_completes_commands_and_their_options() -> None:
    assert complete("annt-prof te", 1) == ["tensorboard", "techniques"]
    assert complete("annt-prof show --js", 2) == ["--json"]
    assert complete("annt-prof completion z", 2) == ["zsh"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_our_variable(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_ANNT_PROF_COMPLETE" in capsys.readouterr().out


def test_a_reader_that_leaves_early_causes_no_noise() -> None:
    command = f"{sys.executable} -m annt_prof schema | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["schema", "techniques", "--help"])
def test_an_output_that_is_full_is_one_line(command: str) -> None:
    shell = f"{sys.executable} -m annt_prof {command} > /dev/full"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "the answer cannot be written: No space left on device\n",
    )


def test_a_full_disk_elsewhere_is_not_taken_for_the_output() -> None:
    elsewhere = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        unwritten(elsewhere)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_an_output_that_is_closed_causes_no_noise(closed: str) -> None:
    shell = f"{sys.executable} -m annt_prof techniques amp {closed}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_answer_of_a_command_with_its_own_status_may_go_unread(tmp_path: Path) -> None:
    """Such a command ends the process itself; what it had said is written as it does."""
    script = tmp_path / "script.py"
    script.write_text("")
    shell = f"{sys.executable} -m annt_prof inspect --json {script} > /dev/full"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "the answer cannot be written" in done.stderr


def test_a_terminal_that_knows_only_ascii_gets_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "annt_prof", "show", "größe", "--runs-dir", str(tmp_path)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


def test_the_group_names_no_command_twice() -> None:
    assert group.list_commands(click.Context(group)) == list(COMMANDS)

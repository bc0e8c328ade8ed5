"""The command line: one file per command, loaded only when that command is called.

``annt-prof --help`` and shell completion work from the table below and import no command.
"""

from __future__ import annotations

import gc
import importlib
import io
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn, cast

import click

from annt_prof import __version__
from annt_prof.cli.endings import (
    EXIT_BUG,
    EXIT_INTERRUPTED,
    EXIT_USER_ERROR,
    end_as_by_ctrl_c,
    have_streams,
    unwritten,
)
from annt_prof.errors import UserError, suggestion
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

PROGRAM = "annt-prof"

# Each name is a module of this package with an attribute ``command``; in order of use.
COMMANDS = {
    "run": "Measure what a scenario's techniques are worth here.",
    "dash": "Open the dashboard: a run, live or finished, or a trace.",
    "show": "Print the answer of a finished run again.",
    "explain": "Say what each technique of a run is worth, and why.",
    "check": "Hold a scenario, or a run, to its budgets.",
    "baseline": "Accept, list and show stored baselines.",
    "compare": "Compare two runs, or two variants.",
    "history": "Show a scenario's runs over time.",
    "advise": "Predict what techniques could save, from a run or trace.",
    "inspect": "Name known mistakes in a training script of your own.",
    "analyze": "Say where each step's time went in any PyTorch trace.",
    "tensorboard": "Open a run in TensorBoard.",
    "techniques": "List the tuning techniques and where each applies.",
    "schema": "Print the JSON Schema of scenario files.",
    "fetch": "Download the data and weights a scenario needs.",
    "doctor": "Check the installation and the machine.",
    "completion": "Print the completion script of a shell.",
}


class LazyGroup(click.Group):
    """The top command; it imports a subcommand when that one is called, never before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every name in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"annt_prof.cli.{cmd_name}")
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table instead of loading each command for its first line."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with the nearest name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"no such command: {printable(name)}; {_advice(name)}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names from the table, and this group's own options."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n, help=h) for n, h in COMMANDS.items() if n.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def _advice(name: str) -> str:
    if name.endswith((".yaml", ".yml")):
        return f"did you mean {PROGRAM} run {name}?"
    return suggestion(name, COMMANDS)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 measured, 2 something you can mend, 3 a variant crashed or ran out "
    "of memory, 130 interrupted, by Ctrl-C, SIGTERM or SIGHUP.",
)
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM)
def group() -> None:
    """What a training technique is worth for your model and your device, and where in the step."""


def program() -> NoReturn:
    """Run the process's command and end the process with its status."""
    try:
        status = main()
    except Exception:  # noqa: BLE001 - Python would end with 1, which says something else here
        traceback.print_exc()
        status = EXIT_BUG
    # Python ends with a search for cycles among all that was ever imported: 0.3 s where torch was.
    gc.freeze()
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    A ``UserError`` is printed without a traceback; a bug keeps its own.

    Args:
        arguments: Without the program's name; None takes those of the process.
    """
    have_streams()
    _print_anything()
    end_as_by_ctrl_c()
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except OSError as error:
        return unwritten(error)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = group.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except UserError as error:
        click.echo(printable(str(error), keep="\n"), err=True)
        return EXIT_USER_ERROR
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    return result if isinstance(result, int) else 0


def _print_anything() -> None:
    """Let a terminal that knows only ASCII show a replacement, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

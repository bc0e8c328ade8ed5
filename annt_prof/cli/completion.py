"""``annt-prof completion``: the script that teaches a shell to complete annt-prof's commands."""

import click
from click.shell_completion import get_completion_class

from annt_prof.cli import PROGRAM, group

_VARIABLE = "_ANNT_PROF_COMPLETE"  # click derives the same name from the program's


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: annt-prof completion bash >> ~/.bashrc
    zsh:  annt-prof completion zsh >> ~/.zshrc
    fish: annt-prof completion fish > ~/.config/fish/completions/annt-prof.fish
    """  # noqa: D301 - click's mark for lines that keep their breaks
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click has no completion for {shell}")
    click.echo(completion(group, {}, PROGRAM, _VARIABLE).source())

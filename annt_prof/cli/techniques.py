"""``annt-prof techniques``: what each tuning technique changes and where it applies."""

from __future__ import annotations

import sys

import click

from annt_prof.cli import options


@click.command()
@click.argument("name", required=False)
@options.as_json("the same")
def command(name: str | None, as_json: bool) -> None:
    """List the tuning techniques: what each changes, where it applies and what to expect.

    With NAME, print everything about that one: what it does, when it helps, when it does nothing,
    its options and its pitfalls.
    """
    from annt_prof.report.text.catalogue import catalogue, catalogue_document, entry
    from annt_prof.techniques import registry

    if as_json:
        names = registry.names() if name is None else (registry.load(name).name,)
        sys.stdout.buffer.write(catalogue_document(names))
        return
    from rich.console import Console

    shown = catalogue(registry.names()) if name is None else entry(name)
    Console().print(shown, highlight=False)

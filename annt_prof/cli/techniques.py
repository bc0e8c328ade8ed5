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
    from annt_prof.techniques import registry
    from annt_prof.views.catalogue_view import build_catalogue, build_entry

    if as_json:
        from annt_prof.report.json.catalogue import catalogue_document

        entries = build_catalogue(registry.names()) if name is None else (build_entry(name),)
        sys.stdout.buffer.write(catalogue_document(entries))
        return
    from rich.console import Console

    from annt_prof.report.text.catalogue import catalogue, entry

    if name is None:
        shown = catalogue(build_catalogue(registry.names()))
    else:
        shown = entry(build_entry(name))
    Console().print(shown, highlight=False)

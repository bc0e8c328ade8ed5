"""``annt-prof schema``: the JSON Schema that editors complete and check scenario files with."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the JSON Schema (draft 7) of scenario files.

    An editor with a YAML language server uses it where a scenario's first line says
    `# yaml-language-server: $schema=scenario.schema.json`.
    """
    import json

    from annt_prof.scenario.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))

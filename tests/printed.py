"""What a face prints, as lines whose blanks do not matter."""

import io

from rich.console import Console


def printed(draw, width=200):
    """Return the lines that ``draw`` prints on a console, each with single blanks."""
    out = io.StringIO()
    draw(Console(file=out, width=width))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]

"""``python -m annt_prof``."""

from annt_prof.cli import program

program()

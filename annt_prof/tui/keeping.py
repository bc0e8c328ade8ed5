"""Screens and tables as files in the working directory; none is written over."""

from __future__ import annotations

import itertools
from pathlib import Path

from annt_prof.errors import UserError
from annt_prof.runs.layout import file_name


def keep_svg(picture: str, name: str) -> Path:
    """Write a picture and return its file.

    Raises:
        UserError: It cannot be written.
    """
    return _write(picture, file_name(name), ".svg")


def keep_csv(table: str, name: str) -> Path:
    """Write a table and return its file.

    Raises:
        UserError: It cannot be written.
    """
    return _write(table, file_name(name), ".csv")


def _write(content: str, name: str, suffix: str) -> Path:
    for number in itertools.count(1):
        path = Path(f"{name}{f'-{number}' if number > 1 else ''}{suffix}")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError as error:
            raise UserError(f"cannot be written: {error.strerror}", where=str(path)) from None
        return path
    raise AssertionError(name)  # numbers have no end

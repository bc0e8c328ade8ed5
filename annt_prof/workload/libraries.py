"""Importing the model libraries, with a remedy where that fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIR_REMEDY = (
    "pip uninstall -y torch torchvision && pip install torch torchvision: together, from one "
    "index (give --index-url to both or to neither), neither with a version, so that pip picks "
    "a matched pair"
)
"""Where torch and torchvision were not made for each other, or one of them is missing."""


@contextmanager
def importing(library: str) -> Iterator[None]:
    """Turn a failing import into a message with a remedy.

    A torchvision built for another torch fails with ``RuntimeError: operator torchvision::nms
    does not exist`` or with an undefined symbol, and every library above it fails likewise.

    Args:
        library: Whose import the block is, as pip names it.

    Raises:
        UserError: The import inside the block failed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or library).partition(".")[0]
        raise UserError(
            f"{library} cannot be imported: {error}", hint=f"pip install {missing}"
        ) from error
    except (ImportError, OSError, RuntimeError) as error:
        # transformers wraps the cause and says little itself.
        causes = [str(error)]
        while error.__cause__ is not None:
            error = error.__cause__  # type: ignore[assignment]
            causes.append(str(error))
        first_line = next((c for c in causes if "torchvision::" in c), causes[0]).splitlines()[0]
        raise UserError(
            f"{library} cannot be imported: {first_line}",
            hint=f"{PAIR_REMEDY}; annt-prof doctor tells more",
        ) from error

"""Importing the model libraries, with a remedy where that fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REMEDY = "install torch and torchvision together, neither pinned; annt-prof doctor tells more"


@contextmanager
def importing(library: str) -> Iterator[None]:
    """Turn a failing import into a message with a remedy.

    A torchvision built for another torch fails with ``RuntimeError: operator torchvision::nms
    does not exist``, and every library above it fails likewise.

    Raises:
        UserError: The import inside the block failed.
    """
    try:
        yield
    except (ImportError, OSError, RuntimeError) as error:
        raise UserError(f"{library} cannot be imported: {error}", hint=_REMEDY) from error

"""The directory of a run, from its first moment on."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from annt_prof.runs import store
from annt_prof.runs.layout import RUN_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.runner.recording import RunRequest


@contextlib.contextmanager
def run_directory(request: RunRequest) -> Iterator[Path]:
    """Give the directory that a run writes to, made for it unless the request has one.

    One that was made is gone again where an error ends the run before there is a record, and so is
    the folder of all runs where it was made with it.

    Raises:
        UserError: The scenario is at fault, or the folder cannot be written.
    """
    text = request.document.text
    if request.directory is not None:
        store.adopt(request.directory, text)
        yield request.directory
        return
    root, name = request.runs_dir, request.document.resolve(accelerator=False).scenario.name
    alone = not root.exists()
    directory = store.create(root, name, text)
    try:
        yield directory
    except BaseException:
        if not (directory / RUN_FILE).exists():
            shutil.rmtree(directory, ignore_errors=True)
            if alone:
                with contextlib.suppress(OSError):  # another run may be in it by now
                    root.rmdir()
        raise

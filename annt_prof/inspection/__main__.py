"""``python -m annt_prof.inspection ANSWER SCRIPT [ARGUMENTS]``, in a process of its own."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path

import msgspec

from annt_prof.inspection.watching import Watch


def main() -> None:
    """Run the script as its own program would, and write what was seen whatever its end."""
    answer, script, *arguments = sys.argv[1:]
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    watch = Watch()
    watch.install()
    stopped = None
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit:
        raise
    except BaseException as error:
        stopped = _told(error, script)
        raise
    finally:
        Path(answer).write_bytes(msgspec.json.encode(watch.finish(stopped)))


def _told(error: BaseException, script: str) -> str:
    """Return the exception's class and the last line of the script that it went through."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == script
    ]
    where = f" at line {lines[-1]}" if lines else ""
    return f"{type(error).__name__}{where}"


if __name__ == "__main__":
    main()

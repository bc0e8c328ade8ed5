"""``python -m annt_prof.runner.inspection ANSWER SCRIPT [ARGUMENTS]``, in a process of its own."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import msgspec

from annt_prof.runner.inspection.watching import Watch


def main() -> None:
    """Run the script as its own program would, and write what was seen whatever its end."""
    answer, script, *arguments = sys.argv[1:]
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    watch = Watch()
    watch.install()
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        Path(answer).write_bytes(msgspec.json.encode(watch.finish()))


if __name__ == "__main__":
    main()

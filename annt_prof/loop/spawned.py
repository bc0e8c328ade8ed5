"""What another Python runs to serve a variant: ``python -m annt_prof.loop.spawned FILE``."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from annt_prof.loop import worker


def main() -> None:
    """Take the assignment from the pipe, then serve windows until told to stop."""
    connection = Connection(int(sys.argv[1]))
    worker.train(connection, connection.recv())


if __name__ == "__main__":
    main()

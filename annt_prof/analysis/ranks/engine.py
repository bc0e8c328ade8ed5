"""An engine of many machines that runs already, by the standard executor interface."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Connect to a dask cluster, whose workers need annt-prof installed and see the same files.

    Args:
        address: Of its scheduler, such as ``tcp://host:8786``.

    Raises:
        UserError: dask.distributed is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UserError(
            "dask.distributed is not installed",
            where=f"--dask {address}",
            hint="pip install 'annt-prof[dask]'",
        ) from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"no dask scheduler answers there: {error}",
            where=f"--dask {address}",
            hint="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
        ) from None
    try:
        executor: Executor = client.get_executor()
        yield executor
    except KilledWorker:
        raise UserError(
            "dask gave a trace up, most likely as its workers ran out of memory",
            where=f"--dask {address}",
            hint="give them more memory, or fewer threads: each thread holds one trace at a time",
        ) from None
    except ModuleNotFoundError as error:
        raise UserError(
            f"the cluster lacks a module: {error}",
            where=f"--dask {address}",
            hint="install annt-prof where its scheduler and its workers run",
        ) from None
    finally:
        client.close()

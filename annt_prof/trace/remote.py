"""Trace files that lie elsewhere: opened through fsspec by their URL, wherever a process runs."""

from __future__ import annotations

import io
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIXES = (".json", ".json.gz")
_MAGIC = frozenset("*?[")


class Status(NamedTuple):
    """What reading asks of a file's status.

    Attributes:
        st_size: Bytes; 0 where the store does not tell.
    """

    st_size: int


class RemoteFile:
    """A file by its URL, such as ``s3://bucket/run/rank0.json.gz``.

    It has what reading needs of ``pathlib.Path``, and is pickled as its URL alone, so that the
    process that reads it opens it.

    Args:
        url: In fsspec's form.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def __str__(self) -> str:
        return self._url

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteFile) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __reduce__(self) -> tuple[type[RemoteFile], tuple[str]]:
        return RemoteFile, (self._url,)

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self._url.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The last suffix of the name, such as ``.gz``."""
        return Path(self.name).suffix

    def exists(self) -> bool:
        """Tell whether anything is there."""
        with _as_user_errors(self._url):
            return bool(self._store[0].exists(self._store[1]))

    def is_file(self) -> bool:
        """Tell whether it is a file."""
        with _as_user_errors(self._url):
            return bool(self._store[0].isfile(self._store[1]))

    def stat(self) -> Status:
        """Return its size."""
        with _as_user_errors(self._url):
            return Status(int(self._store[0].size(self._store[1]) or 0))

    def open(self, mode: str) -> io.BufferedReader:
        """Open it for reading bytes; ``mode`` is ``rb``."""
        with _as_user_errors(self._url):
            return io.BufferedReader(self._store[0].open(self._store[1], mode))

    @cached_property
    def _store(self) -> tuple[Any, str]:
        return _store(self._url)


TraceFile: TypeAlias = Path | RemoteFile
"""A trace, here or elsewhere."""


def is_url(text: str) -> bool:
    """Tell a URL from a path of this machine."""
    return "://" in text


def is_pattern(text: str) -> bool:
    """Tell a pattern, such as ``run/*/rank*.json.gz``, from a name."""
    return not _MAGIC.isdisjoint(text)


def trace_files(place: str | Path) -> list[TraceFile]:
    """Return the trace files that a directory, a pattern or a URL of either stands for.

    Args:
        place: A directory's ``.json`` and ``.json.gz`` files are meant; a pattern's are all it
            matches.

    Raises:
        UserError: There are none, or the URL cannot be listed.
    """
    text = str(place)
    files = _remote_files(text) if is_url(text) else _local_files(Path(place))
    if not files:
        nothing = "nothing matches" if is_pattern(text) else "no .json or .json.gz file here"
        raise UserError(nothing, where=text)
    return files


def is_directory(place: str | Path) -> bool:
    """Tell whether several files are meant: a directory's, or those that match a pattern.

    Raises:
        UserError: The URL cannot be looked at.
    """
    text = str(place)
    if not is_url(text):
        path = Path(place)
        return path.is_dir() or (is_pattern(text) and not path.exists())
    with _as_user_errors(text):
        store, path_in_store = _store(text)
        return is_pattern(text) or bool(store.isdir(path_in_store))


def _local_files(place: Path) -> list[TraceFile]:
    if place.is_dir():
        return [path for path in sorted(place.iterdir()) if path.name.endswith(_SUFFIXES)]
    root = Path(place.anchor)
    return [*sorted(root.glob(str(place.relative_to(root))))]


def _remote_files(url: str) -> list[TraceFile]:
    with _as_user_errors(url):
        store, path = _store(url)
        if is_pattern(path):
            listed = store.glob(path)
        else:
            listed = [name for name in store.ls(path, detail=False) if name.endswith(_SUFFIXES)]
        return [RemoteFile(str(store.unstrip_protocol(name))) for name in sorted(listed)]


def _store(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path within it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UserError(
            "a URL is read through fsspec, which is not installed",
            where=url,
            hint="pip install 'annt-prof[dask]'",
        ) from None
    store, path = url_to_fs(url)
    return store, path


@contextmanager
def _as_user_errors(url: str) -> Iterator[None]:
    """Make an error of what a store says: each has exception types of its own."""
    try:
        yield
    except UserError:
        raise
    except ImportError as error:  # fsspec's own words name the package
        raise UserError(f"cannot be read: {error}", where=url) from None
    except Exception as error:  # noqa: BLE001 - no type is common to the stores' errors
        raise UserError(
            f"cannot be read: {str(error) or type(error).__name__}", where=url
        ) from None

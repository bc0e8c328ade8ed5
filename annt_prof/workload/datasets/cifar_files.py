"""CIFAR's python-pickle files, from the extracted folder or straight from the archive.

Source of the format: Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import codecs
import io
import pickle
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

SIDE = 32
"""Pixels per side."""

_HOST = "https://www.cs.toronto.edu/~kriz/"
_SPOILED = (OSError, EOFError, KeyError, tarfile.TarError, zlib.error)


@dataclass(frozen=True)
class CifarFormat:
    """Where one of the two data sets keeps what.

    Attributes:
        folder: As extracted.
        archive: The file its author publishes.
        md5: Of the archive. Source: the author's page; torchvision.datasets lists the same.
        train: Files of the training split.
        test: Files of the test split.
        label_key: Where a file keeps its labels.
    """

    folder: str
    archive: str
    md5: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_key: str
    num_classes: int

    @property
    def url(self) -> str:
        """Where its author publishes the archive."""
        return _HOST + self.archive


CIFAR = {
    "cifar10": CifarFormat(
        folder="cifar-10-batches-py",
        archive="cifar-10-python.tar.gz",
        md5="c58f30108f718f92721af3b95e74349a",
        train=tuple(f"data_batch_{index}" for index in range(1, 6)),
        test=("test_batch",),
        label_key="labels",
        num_classes=10,
    ),
    "cifar100": CifarFormat(
        folder="cifar-100-python",
        archive="cifar-100-python.tar.gz",
        md5="eb9058c3a382ffc7106e4002c42a8d85",
        train=("train",),
        test=("test",),
        label_key="fine_labels",
        num_classes=100,
    ),
}


@dataclass(frozen=True)
class CifarArrays:
    """uint8 pixels, shape (samples, 32, 32, 3), and int64 labels, shape (samples,)."""

    pixels: np.ndarray
    labels: np.ndarray


def find(name: str, folder: Path) -> Path | None:
    """Return the extracted folder, else the archive, else None."""
    candidates = (folder / CIFAR[name].folder, folder / CIFAR[name].archive)
    return next((path for path in candidates if path.exists()), None)


def read(name: str, path: Path, *, train: bool) -> CifarArrays:
    """Read one split.

    Args:
        name: ``cifar10`` or ``cifar100``.
        path: From ``find``.
        train: Which split.

    Raises:
        UserError: A file is missing, truncated or not what CIFAR holds.
    """
    described = CIFAR[name]
    files = described.train if train else described.test
    contents = _contents(path, described.folder, files)
    parts = [_decode(contents[file], described, f"{path}: {file}") for file in files]
    pixels = np.concatenate([part.pixels for part in parts])
    return CifarArrays(pixels, np.concatenate([part.labels for part in parts]))


def extract(name: str, archive: Path) -> Path:
    """Write the archive's files into their folder beside it, and return the folder.

    Raises:
        UserError: The archive is not whole.
    """
    described = CIFAR[name]
    files = (*described.train, *described.test)
    contents = _contents(archive, described.folder, files)
    unfinished = archive.with_name(f"{described.folder}.part")
    unfinished.mkdir(exist_ok=True)
    for file, content in contents.items():
        (unfinished / file).write_bytes(content)
    return unfinished.rename(archive.with_name(described.folder))


def _contents(path: Path, folder: str, files: tuple[str, ...]) -> dict[str, bytes]:
    try:
        if path.is_dir():
            return {file: (path / file).read_bytes() for file in files}
        wanted = {f"{folder}/{file}": file for file in files}
        contents = {wanted[name]: content for name, content in _members(path, wanted.keys())}
    except _SPOILED as error:
        raise _damaged(path, str(error)) from error
    absent = [file for file in files if file not in contents]
    if absent:
        raise _damaged(path, f"it has no {folder}/{absent[0]}")
    return contents


def _members(archive: Path, names: AbstractSet[str]) -> Iterator[tuple[str, bytes]]:
    """Decompress once from front to back: going back in a gzip file starts it anew."""
    with tarfile.open(archive, "r|*") as stream:
        for member in stream:
            file = stream.extractfile(member) if member.name in names else None
            if file is not None:
                yield member.name, file.read()


# What rebuilds an array; numpy moved it between modules, and old files name the old one.
_REBUILD_ARRAY = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _REBUILD_ARRAY,
    ("numpy._core.multiarray", "_reconstruct"): _REBUILD_ARRAY,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,  # how protocol 2 writes bytes
}


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles arrays and plain containers alone, since a pickle can run any code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which CIFAR does not")
        return _ALLOWED[module, name]


def _decode(content: bytes, described: CifarFormat, where: str) -> CifarArrays:
    try:
        batch = _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
        flat, labels = batch["data"], np.asarray(batch[described.label_key], dtype=np.int64)
        if not isinstance(flat, np.ndarray) or flat.dtype != np.uint8:
            raise ValueError("its data are no array of bytes")
        pixels = flat.reshape(len(labels), 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError,
            ImportError, OverflowError, MemoryError) as error:  # fmt: skip
        raise _damaged(where, f"{type(error).__name__}: {error}") from error
    if not len(labels) or not 0 <= labels.min() <= labels.max() < described.num_classes:
        raise _damaged(where, f"its labels are not 0 to {described.num_classes - 1}")
    return CifarArrays(np.ascontiguousarray(pixels), labels)


def _damaged(where: object, cause: str) -> UserError:
    return UserError(
        f"this is no whole CIFAR file: {cause}",
        where=str(where),
        hint="delete it and run annt-prof fetch, or leave it out to use the stand-in",
    )

"""CIFAR's python-pickle files, from the extracted folder or straight from the archive.

Source of the format: Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class CifarFormat:
    """Where one of the two data sets keeps what."""

    folder: str
    archive: str
    md5: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_key: str
    num_classes: int


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
    parts = [_decode(content, described, f"{path}: {file}") for file, content in
             _contents(path, described.folder, files)]  # fmt: skip
    pixels = np.concatenate([part.pixels for part in parts])
    return CifarArrays(pixels, np.concatenate([part.labels for part in parts]))


def _contents(path: Path, folder: str, files: tuple[str, ...]) -> list[tuple[str, bytes]]:
    try:
        if path.is_dir():
            return [(file, (path / file).read_bytes()) for file in files]
        with tarfile.open(path) as archive:
            return [(file, _member(archive, f"{folder}/{file}")) for file in files]
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise _damaged(str(path), str(error)) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(f"{name} is not a file")
    return file.read()


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles arrays and plain containers alone, since a pickle can run any code."""

    _ALLOWED = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which CIFAR does not")
        return super().find_class(module, name)


def _decode(content: bytes, described: CifarFormat, where: str) -> CifarArrays:
    try:
        batch = _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
        flat = np.asarray(batch["data"], dtype=np.uint8)
        labels = np.asarray(batch[described.label_key], dtype=np.int64)
        pixels = flat.reshape(len(labels), 3, 32, 32).transpose(0, 2, 3, 1)
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError,
            AttributeError, ImportError) as error:  # fmt: skip
        raise _damaged(where, str(error)) from error
    if len(labels) and not 0 <= labels.min() <= labels.max() < described.num_classes:
        raise _damaged(where, f"labels outside 0 to {described.num_classes - 1}")
    return CifarArrays(np.ascontiguousarray(pixels), labels)


def _damaged(where: str, cause: str) -> UserError:
    return UserError(
        f"this is no whole CIFAR file: {cause}",
        where=where,
        hint="delete it and run annt-prof fetch, or leave it out to use the stand-in",
    )

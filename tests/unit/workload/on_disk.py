"""CIFAR in the formats its author published, and short ways to choose models and data sets."""

from __future__ import annotations

import struct
import tarfile

import numpy as np

from annt_prof.scenario.schema import DatasetChoice, ModelChoice
from annt_prof.workload.datasets.cifar_files import CIFAR


def model_choice(source, name, **fields):
    return ModelChoice(source=source, name=name, **fields)


def dataset_choice(name, **fields):
    return DatasetChoice(**{"name": name, "batch_size": 4, **fields})


def _text(content: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(content)) + content


def _integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _array(rows: np.ndarray) -> bytes:
    kind = b"cnumpy\ndtype\n(" + _text(b"u1") + b"K\x00K\x01tR"
    kind += b"(K\x03" + _text(b"|") + b"NNN" + _integer(-1) + _integer(-1) + b"K\x00tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85" + _text(b"b")
    shape = b"".join(map(_integer, rows.shape)) + b"\x86"
    return empty + b"tR(K\x01" + shape + kind + b"\x89" + _text(rows.tobytes()) + b"tb"


def batch_file(rows, labels, label_key, extra=b""):
    """A batch as Python 2 pickled it: strings are bytes, numpy's functions bear old names."""
    items = _text(b"batch_label") + _text(b"a batch of tests")
    items += _text(label_key.encode()) + b"](" + b"".join(map(_integer, labels)) + b"e"
    items += _text(b"data") + _array(rows) + extra
    return b"\x80\x02}(" + items + b"u."


def some_rows(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)


def write_cifar(name, folder, per_file=4, classes=None):
    """Write an extracted folder of small batches and return it."""
    described = CIFAR[name]
    place = folder / described.folder
    place.mkdir(parents=True)
    for index, file in enumerate((*described.train, *described.test)):
        labels = [i % (classes or described.num_classes) for i in range(per_file)]
        labels[-1] = (classes or described.num_classes) - 1
        rows = some_rows(per_file, seed=index)
        (place / file).write_bytes(batch_file(rows, labels, described.label_key))
    (place / "batches.meta").write_bytes(b"not read")
    return place


def pack(name, folder, keep_folder=False):
    """Pack the extracted folder into the archive its author publishes; return the archive."""
    described = CIFAR[name]
    source = folder / described.folder
    with tarfile.open(folder / described.archive, "w:gz") as archive:
        # The author's archive is in no particular order.
        for file in sorted(source.iterdir(), reverse=True):
            archive.add(file, f"{described.folder}/{file.name}")
    if not keep_folder:
        for file in source.iterdir():
            file.unlink()
        source.rmdir()
    return folder / described.archive

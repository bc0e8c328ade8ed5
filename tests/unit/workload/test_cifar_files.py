"""Reading CIFAR's own files, whole and damaged."""

import pickle

import numpy as np
import pytest
from on_disk import batch_file, pack, some_rows, write_cifar

from annt_prof.errors import UserError
from annt_prof.workload.datasets.cifar_files import CIFAR, extract, find, read


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_both_splits_are_read_from_folder_and_archive(name, packed, tmp_path):
    place = write_cifar(name, tmp_path)
    if packed:
        place = pack(name, tmp_path)
    assert find(name, tmp_path) == place
    described = CIFAR[name]
    train, test = (read(name, place, train=train) for train in (True, False))
    assert train.pixels.shape == (4 * len(described.train), 32, 32, 3)
    assert test.pixels.shape == (4, 32, 32, 3)
    assert train.pixels.dtype == np.uint8
    assert train.labels.dtype == np.int64
    assert train.labels.max() == described.num_classes - 1
    expected = some_rows(4, seed=len(described.train))[2].reshape(3, 32, 32)
    np.testing.assert_array_equal(test.pixels[2].transpose(2, 0, 1), expected)


def test_files_are_in_the_order_of_their_numbers(tmp_path):
    write_cifar("cifar10", tmp_path)
    pixels = read("cifar10", pack("cifar10", tmp_path), train=True).pixels
    for index in range(5):
        first = some_rows(4, seed=index)[0].reshape(3, 32, 32).transpose(1, 2, 0)
        np.testing.assert_array_equal(pixels[4 * index], first)


def test_a_modern_pickle_is_read_too(tmp_path):
    place = write_cifar("cifar100", tmp_path)
    batch = {"data": some_rows(3), "fine_labels": [0, 50, 99], "coarse_labels": [0, 1, 2]}
    (place / "test").write_bytes(pickle.dumps(batch, protocol=2))
    assert read("cifar100", place, train=False).labels.tolist() == [0, 50, 99]


def test_the_folder_comes_before_the_archive_and_nothing_is_none(tmp_path):
    assert find("cifar10", tmp_path) is None
    place = write_cifar("cifar10", tmp_path)
    pack("cifar10", tmp_path, keep_folder=True)
    assert find("cifar10", tmp_path) == place
    assert find("cifar100", tmp_path) is None


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.9, 0.99])
def test_a_truncated_archive_is_named_with_the_remedy(share, tmp_path):
    write_cifar("cifar10", tmp_path)
    archive = pack("cifar10", tmp_path)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UserError) as caught:
        read("cifar10", archive, train=True)
    assert str(archive) in str(caught.value)
    assert "annt-prof fetch" in str(caught.value)


@pytest.mark.parametrize("position", [0.02, 0.5, 0.9])
def test_an_archive_with_spoiled_bytes_is_an_error_or_read_right(position, tmp_path):
    write_cifar("cifar10", tmp_path)
    archive = pack("cifar10", tmp_path)
    spoiled = bytearray(archive.read_bytes())
    start = int(len(spoiled) * position)
    spoiled[start : start + 400] = bytes(400)
    archive.write_bytes(spoiled)
    with pytest.raises(UserError, match="no whole CIFAR file"):
        read("cifar10", archive, train=True)


@pytest.mark.parametrize("kept", [0, 1, 40, 3000])
def test_a_truncated_batch_is_named(kept, tmp_path):
    place = write_cifar("cifar10", tmp_path)
    file = place / "data_batch_3"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(UserError, match="data_batch_3"):
        read("cifar10", place, train=True)
    assert len(read("cifar10", place, train=False).labels) == 4


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_a_missing_batch_is_named(packed, tmp_path):
    place = write_cifar("cifar10", tmp_path)
    (place / "data_batch_2").unlink()
    if packed:
        place = pack("cifar10", tmp_path)
    with pytest.raises(UserError, match="data_batch_2"):
        read("cifar10", place, train=True)


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("touch harmed",)


def test_a_pickle_that_would_run_code_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = write_cifar("cifar10", tmp_path)
    (place / "test_batch").write_bytes(pickle.dumps({"data": Evil(), "labels": [1]}))
    with pytest.raises(UserError, match="system"):
        read("cifar10", place, train=False)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(batch_file(some_rows(2), [0, 10], "labels"), id="eleventh-class"),
        pytest.param(batch_file(some_rows(2), [0, -1], "labels"), id="negative-class"),
        pytest.param(batch_file(some_rows(2), [0, 1, 2], "labels"), id="one-image-short"),
        pytest.param(batch_file(some_rows(2)[:, :100], [0, 1], "labels"), id="small-images"),
        pytest.param(batch_file(some_rows(2), [0, 1], "fine_labels"), id="other-data-set"),
        pytest.param(batch_file(some_rows(0), [], "labels"), id="empty"),
        pytest.param(pickle.dumps([1, 2]), id="a-list"),
        pytest.param(pickle.dumps({"data": [[0] * 3072], "labels": [1]}), id="no-array"),
        pytest.param(pickle.dumps({"data": np.zeros((1, 3072)), "labels": [1]}), id="float-pixels"),
    ],
)
def test_what_is_no_cifar_batch_is_refused(content, tmp_path):
    place = write_cifar("cifar10", tmp_path)
    (place / "test_batch").write_bytes(content)
    with pytest.raises(UserError, match="test_batch"):
        read("cifar10", place, train=False)


def test_extracting_gives_the_folder_that_is_read(tmp_path):
    write_cifar("cifar100", tmp_path)
    archive = pack("cifar100", tmp_path)
    before = read("cifar100", archive, train=True)
    (tmp_path / "cifar-100-python.part").mkdir()  # left by an extraction that was killed
    place = extract("cifar100", archive)
    assert find("cifar100", tmp_path) == place
    np.testing.assert_array_equal(read("cifar100", place, train=True).pixels, before.pixels)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "caches") == [
        "cifar-100-python", "cifar-100-python.tar.gz",
    ]  # fmt: skip


def test_a_damaged_archive_leaves_no_folder(tmp_path):
    write_cifar("cifar10", tmp_path)
    archive = pack("cifar10", tmp_path)
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(UserError):
        extract("cifar10", archive)
    assert find("cifar10", tmp_path) == archive

"""Every data set by its name, and what is said where it is not the real one."""

import numpy as np
import pytest
import torch
from on_disk import dataset_choice, pack, write_cifar
from sklearn.datasets import load_digits

from annt_prof.errors import UserError
from annt_prof.workload.datasets import make_dataset

ALL_AUGMENTATIONS = ("random_crop", "horizontal_flip", "random_affine")


def made(name, train=True, data_dir=None, **fields):
    return make_dataset(dataset_choice(name, **fields), train=train, data_dir=data_dir)


@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_the_stand_in_has_cifars_size_shapes_types_and_classes(name, classes):
    train, test = made(name), made(name, train=False)
    assert (len(train.dataset), len(test.dataset)) == (50_000, 10_000)
    assert train.num_classes == classes
    assert not train.real
    image, label = train.dataset[0]
    assert (image.shape, image.dtype) == ((3, 32, 32), torch.float32)
    assert isinstance(label, int)
    labels = {train.dataset.labels[i] for i in range(5000)}
    assert labels == set(range(classes))


def test_the_stand_in_is_named_with_where_cifar_was_looked_for(tmp_path, caches):
    (said,) = made("cifar10", data_dir=tmp_path / "here").substitutions
    assert str(tmp_path / "here") in said.wanted
    assert str(caches / "annt_prof") in said.wanted
    assert "stand-in" in said.used
    assert "accuracy is not reported" in said.consequence


def test_the_stand_in_decodes_as_the_real_one_does(tmp_path):
    write_cifar("cifar10", tmp_path)
    real, stand_in = made("cifar10", data_dir=tmp_path), made("cifar10")
    assert type(real.dataset) is type(stand_in.dataset)
    assert repr(real.dataset._transform) == repr(stand_in.dataset._transform)
    assert real.dataset.pixels.dtype == stand_in.dataset.pixels.dtype
    assert real.dataset.pixels.flags.c_contiguous


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_real_images_come_out_as_their_pixels_normalised(packed, tmp_path):
    write_cifar("cifar100", tmp_path)
    if packed:
        pack("cifar100", tmp_path)
    bundle = made("cifar100", train=False, data_dir=tmp_path)
    assert bundle.real
    image, label = bundle.dataset[1]
    assert label == 1
    pixels = torch.from_numpy(bundle.dataset.pixels[1]).permute(2, 0, 1) / 255
    mean = torch.tensor([0.5071, 0.4865, 0.4409]).view(3, 1, 1)
    deviation = torch.tensor([0.2673, 0.2564, 0.2762]).view(3, 1, 1)
    torch.testing.assert_close(image, (pixels - mean) / deviation)


def test_fewer_images_than_cifar_has_are_said(tmp_path):
    write_cifar("cifar10", tmp_path, per_file=4)
    (said,) = made("cifar10", data_dir=tmp_path).substitutions
    assert "50,000" in said.wanted
    assert "the 20 images" in said.used


@pytest.mark.parametrize("place", ["given", "variable", "cache"])
def test_cifar_is_read_where_it_lies(place, tmp_path, caches, monkeypatch):
    folders = {
        "given": tmp_path / "given",
        "variable": tmp_path / "variable",
        "cache": caches / "annt_prof",
    }
    monkeypatch.setenv("ANNT_PROF_DATA", str(folders["variable"]))
    write_cifar("cifar10", folders[place])
    bundle = made("cifar10", data_dir=folders["given"])
    assert bundle.real
    assert str(folders[place]) in bundle.substitutions[0].used


def test_the_given_folder_comes_first(tmp_path, caches):
    write_cifar("cifar10", caches / "annt_prof", per_file=3)
    write_cifar("cifar10", tmp_path, per_file=5)
    assert len(made("cifar10", data_dir=tmp_path).dataset) == 25


def test_a_damaged_archive_is_an_error_and_no_stand_in(tmp_path):
    write_cifar("cifar10", tmp_path)
    archive = pack("cifar10", tmp_path)
    archive.write_bytes(archive.read_bytes()[:4000])
    with pytest.raises(UserError, match="annt-prof fetch"):
        made("cifar10", data_dir=tmp_path)


def test_digits_are_split_by_class_without_overlap():
    train, test = made("digits").dataset, made("digits", train=False).dataset
    assert (len(train), len(test)) == (1437, 360)
    for split in (train, test):
        counts = np.bincount(split.labels, minlength=10) / len(split)
        assert counts.min() > 0.09
        assert counts.max() < 0.11
    seen = {row.tobytes() for row in train.pixels}
    shared = sum(row.tobytes() in seen for row in test.pixels)
    # A few images of the collection are equal to the byte; a split that overlaps shares them all.
    assert shared <= 2
    again = made("digits").dataset
    np.testing.assert_array_equal(train.labels, again.labels)


def test_digits_are_real_grey_and_normalised_to_zero_mean_and_unit_deviation():
    bundle = made("digits", image_size=8)
    assert bundle.real
    assert bundle.substitutions == ()
    images = torch.stack([bundle.dataset[i][0] for i in range(len(bundle.dataset))])
    assert torch.equal(images[:, 0], images[:, 1])
    assert images.mean().item() == pytest.approx(0, abs=0.01)
    assert images.std().item() == pytest.approx(1, abs=0.01)


def test_digits_keep_their_sixteen_shades():
    shades = np.unique(load_digits().images)
    assert len(np.unique(made("digits").dataset.pixels)) == len(shades) == 17


@pytest.mark.parametrize("name", ["cifar10", "digits"])
@pytest.mark.parametrize("size", [8, 32, 50, 224])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_images_have_the_size_asked_for(name, size, interpolation, tmp_path):
    write_cifar("cifar10", tmp_path)
    bundle = made(
        name,
        data_dir=tmp_path,
        image_size=size,
        interpolation=interpolation,
        augmentation=ALL_AUGMENTATIONS,
    )
    assert bundle.dataset[0][0].shape == (3, size, size)


@pytest.mark.parametrize("augmentation", ALL_AUGMENTATIONS)
def test_training_images_are_augmented_and_test_images_never(augmentation, tmp_path):
    write_cifar("cifar10", tmp_path)
    for train in (True, False):
        dataset = made(
            "cifar10", train=train, data_dir=tmp_path, augmentation=(augmentation,)
        ).dataset
        torch.manual_seed(0)
        seen = {dataset[0][0].numpy().tobytes() for _ in range(20)}
        assert (len(seen) > 1) is train


def test_augmentations_act_in_the_order_given(tmp_path):
    names = ("random_affine", "horizontal_flip")
    steps = made("cifar10", data_dir=tmp_path, augmentation=names).dataset._transform.transforms
    assert [type(step).__name__ for step in steps[:2]] == ["RandomAffine", "RandomHorizontalFlip"]


def test_synthetic_tensors_are_the_same_each_time():
    arguments = {"num_samples": 12, "num_classes": 3}
    first, second = (made("synthetic", image_size=5, arguments=arguments) for _ in range(2))
    assert len(first.dataset) == 12
    assert first.num_classes == 3
    assert not first.real
    image, label = first.dataset[7]
    assert image.shape == (3, 5, 5)
    assert torch.equal(image, second.dataset[7][0])
    assert 0 <= label < 3


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"arguments": {"num_sample": 3}}, 'did you mean "num_samples"'),
        ({"arguments": {"num_samples": 0}}, "at least 1"),
        ({"arguments": {"num_samples": True}}, "at least 1"),
        ({"arguments": {"num_classes": 2.5}}, "found 2.5"),
        ({"augmentation": ("horizontal_flip",)}, "dataset.augmentation"),
    ],
)
def test_what_synthetic_cannot_do_is_refused(fields, wanted):
    with pytest.raises(UserError, match=wanted):
        made("synthetic", **fields)


@pytest.mark.parametrize("name", ["cifar10", "digits"])
def test_data_sets_without_arguments_refuse_them(name):
    with pytest.raises(UserError, match="takes no arguments, found: sise"):
        made(name, arguments={"sise": 3})

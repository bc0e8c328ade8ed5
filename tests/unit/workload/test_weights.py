"""Where weights lie in the libraries' caches."""

import pytest
from huggingface_hub import constants

from annt_prof.workload.weights import CheckpointFile, HubFile, unreadable


@pytest.mark.parametrize(
    ("url", "name", "prefix"),
    [
        ("https://host/models/resnet50-11ad3fa6.pth", "resnet50-11ad3fa6.pth", "11ad3fa6"),
        ("https://host/a/b-0123456789abcdef.pth?x=1", "b-0123456789abcdef.pth", "0123456789abcdef"),
        ("https://host/a/model-v2.pth", "model-v2.pth", None),
        ("https://host/a/model-2020abc.pth", "model-2020abc.pth", None),
    ],
)
def test_torch_hub_names_a_file_after_its_address(url, name, prefix, checkpoints):
    file = CheckpointFile(url)
    assert file.path == checkpoints / name
    assert file.sha256_prefix == prefix
    assert file.cached() is None
    file.path.write_bytes(b"")
    assert file.cached() == checkpoints / name


def test_the_first_alternative_that_is_there_is_taken(hub_snapshot, caches):
    file = HubFile("some/one", ("a.safetensors", "b.bin"))
    assert file.cached() is None
    snapshot = hub_snapshot("some/one")
    assert file.cached() is None
    (snapshot / "b.bin").write_bytes(b"")
    assert file.cached() == snapshot / "b.bin"
    (snapshot / "a.safetensors").write_bytes(b"")
    assert file.cached() == snapshot / "a.safetensors"
    assert str(file.folder) == constants.HF_HUB_CACHE == str(caches / "hub")


def test_another_revision_is_another_file(hub_snapshot):
    (hub_snapshot("some/one") / "a.bin").write_bytes(b"")
    assert HubFile("some/one", ("a.bin",), "other").cached() is None
    assert HubFile("some/one", ("a.bin",), "0123abc").cached() is not None


def test_what_the_hub_remembers_not_to_exist_is_not_there(caches, hub_snapshot):
    hub_snapshot("some/one")
    remembered = caches / "hub" / "models--some--one" / ".no_exist" / "0123abc"
    remembered.mkdir(parents=True)
    (remembered / "a.bin").write_bytes(b"")
    assert HubFile("some/one", ("a.bin",)).cached() is None


def test_a_name_that_no_repository_can_have_is_not_there():
    assert HubFile("no/such/name", ("a.bin",)).cached() is None


@pytest.mark.parametrize(
    ("error", "wanted"), [(RuntimeError("one\ntwo"), "one"), (EOFError(), "EOFError")]
)
def test_unreadable_weights_are_told_in_one_line(error, wanted):
    said = unreadable("/some/place", error)
    assert said.message == f"the cached weights cannot be read: {wanted}"
    assert said.where == "/some/place"

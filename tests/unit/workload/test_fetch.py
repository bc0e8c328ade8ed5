"""``annt-prof fetch`` against servers on this machine."""

import hashlib
import json
import time
from dataclasses import replace

import pytest
import torch
import torchvision
from http_here import Files, serving
from huggingface_hub import constants
from on_disk import pack, write_cifar
from test_models import save_transformer

from annt_prof.cli import main
from annt_prof.workload.datasets import cifar_files
from annt_prof.workload.models import from_torchvision

pytestmark = pytest.mark.usefixtures("local_names_resolve")

ARCHIVE = "cifar-10-python.tar.gz"


@pytest.fixture
def server(monkeypatch):
    """The hosts of the data sets and of the hub, both here."""
    with serving(Files()) as files:
        monkeypatch.setattr(cifar_files, "_HOST", f"{files.url}/")
        monkeypatch.setattr(constants, "ENDPOINT", files.url)
        template = files.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield files


@pytest.fixture
def archive(tmp_path, server, monkeypatch):
    """A small archive that the server has, with its checksum in the table."""
    source = tmp_path / "source"
    source.mkdir()
    write_cifar("cifar10", source)
    content = pack("cifar10", source).read_bytes()
    server.contents[f"/{ARCHIVE}"] = content
    md5 = hashlib.md5(content).hexdigest()
    known = replace(cifar_files.CIFAR["cifar10"], md5=md5)
    monkeypatch.setitem(cifar_files.CIFAR, "cifar10", known)
    return content


@pytest.fixture
def scenario(tmp_path):
    """Writes a scenario and returns its path."""

    def write(model="{source: torchvision, name: resnet18}", data="cifar10"):
        path = tmp_path / "some.yaml"
        path.write_text(f"model: {model}\ndataset: {{name: {data}, batch_size: 4}}\n")
        return str(path)

    return write


@pytest.fixture
def fetch(tmp_path, capsys):
    """Runs the command; returns status, stdout and stderr."""

    def run(scenario_path, *options):
        status = main(["fetch", scenario_path, "--data-dir", str(tmp_path / "data"), *options])
        return (status, *capsys.readouterr())

    return run


def test_a_data_set_is_fetched_checked_and_extracted(archive, scenario, fetch, tmp_path, server):
    status, out, err = fetch(scenario())
    folder = tmp_path / "data" / "cifar-10-batches-py"
    assert status == 0
    assert out == f"data set cifar10: fetched, {folder}\n"
    assert err == ""  # silent where there is no terminal
    assert len(cifar_files.read("cifar10", folder, train=True).labels) == 20
    assert (folder.parent / ARCHIVE).read_bytes() == archive

    status, out, _ = fetch(scenario())
    assert (status, out) == (0, f"data set cifar10: already there, {folder}\n")
    assert len(server.requests) == 1


@pytest.mark.usefixtures("archive")
def test_the_document_says_the_same(scenario, fetch, tmp_path):
    status, out, _ = fetch(scenario(), "--json")
    assert status == 0
    place = str(tmp_path / "data" / "cifar-10-batches-py")
    item = {"what": "data set cifar10", "status": "fetched", "place": place}
    assert json.loads(out) == {"schema_version": 1, "items": [item]}


def test_an_interrupted_fetch_goes_on(archive, scenario, fetch, tmp_path, server):
    server.break_after = [1000, 0]
    status, out, err = fetch(scenario())
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert "1,000 bytes that came are kept" in err
    status, _, _ = fetch(scenario())
    assert status == 0
    assert server.ranges[-1] == "bytes=1000-"
    assert (tmp_path / "data" / ARCHIVE).read_bytes() == archive


def test_a_truncated_archive_is_fetched_anew(archive, scenario, fetch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ARCHIVE).write_bytes(archive[:500])
    status, _, _ = fetch(scenario())
    assert status == 0
    assert (tmp_path / "data" / ARCHIVE).read_bytes() == archive


def test_a_whole_archive_is_left_alone(archive, scenario, fetch, tmp_path, server):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ARCHIVE).write_bytes(archive)
    status, out, _ = fetch(scenario())
    assert status == 0
    assert "already there" in out
    assert server.requests == []


@pytest.mark.usefixtures("archive")
def test_a_damaged_folder_is_the_users_to_remove(scenario, fetch, tmp_path, server):
    place = write_cifar("cifar10", tmp_path / "data")
    (place / "data_batch_4").write_bytes(b"")
    status, _, err = fetch(scenario())
    assert status == 2
    assert "data_batch_4" in err
    assert "delete it" in err
    assert server.requests == []


@pytest.mark.usefixtures("archive")
def test_what_is_not_the_archive_is_refused(scenario, fetch, tmp_path, server):
    server.contents[f"/{ARCHIVE}"] = b"<html>please log in</html>"
    status, _, err = fetch(scenario())
    assert status == 2
    assert "md5" in err
    assert list((tmp_path / "data").iterdir()) == []


def test_checkpoints_are_fetched_to_where_torch_hub_looks(
    scenario, fetch, server, monkeypatch, checkpoints, tmp_path
):
    saved = tmp_path / "saved.pth"
    torch.save(torchvision.models.resnet18().state_dict(), saved)
    content = saved.read_bytes()
    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.contents[f"/models/{name}"] = content

    class Weights:
        url = f"{server.url}/models/{name}"

    monkeypatch.setattr(from_torchvision, "_weights", lambda _: Weights)
    model = "{source: torchvision, name: resnet18, pretrained: true}"
    status, out, _ = fetch(scenario(model, "digits"))
    assert (status, out) == (0, f"weights of resnet18: fetched, {checkpoints / name}\n")
    assert (checkpoints / name).read_bytes() == content
    (checkpoints / name).write_bytes(content[:100])
    assert "fetched" in fetch(scenario(model, "digits"))[1]
    assert "already there" in fetch(scenario(model, "digits"))[1]


def on_the_hub(server, repository, files):
    """Serve files as the hub does: a commit, and an entity tag of the content."""
    server.not_found["X-Error-Code"] = "EntryNotFound"
    for name, content in files.items():
        path = f"/{repository}/resolve/main/{name}"
        server.contents[path] = content
        server.headers[path] = {
            "X-Repo-Commit": "0" * 40,
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        }


def test_configuration_and_weights_are_fetched_from_the_hub_and_then_used(
    scenario, fetch, server, caches, tmp_path
):
    made = tmp_path / "made"
    save_transformer(made)
    files = {name: (made / name).read_bytes() for name in ("config.json", "model.safetensors")}
    on_the_hub(server, "someone/small", files)
    model = "{source: transformers, name: someone/small, pretrained: true}"
    status, out, err = fetch(scenario(model, "digits"))
    assert status == 0, err
    first, second = out.splitlines()
    assert first.startswith("configuration of someone/small: fetched")
    assert second.startswith("weights of someone/small: fetched")
    assert str(caches / "hub") in second
    asked = len(server.requests)
    assert "already there" in fetch(scenario(model, "digits"))[1]
    assert len(server.requests) == asked


def test_the_older_format_is_taken_where_the_repository_has_no_other(scenario, fetch, server):
    files = {"config.json": b"{}", "pytorch_model.bin": b"any bytes"}
    on_the_hub(server, "someone/old", files)
    model = "{source: transformers, name: someone/old, pretrained: true}"
    status, out, err = fetch(scenario(model, "digits"))
    assert status == 0, err
    assert "pytorch_model.bin" in out


def test_a_repository_without_weights_is_named(scenario, fetch, server):
    on_the_hub(server, "someone/empty", {"config.json": b"{}"})
    model = "{source: transformers, name: someone/empty, pretrained: true}"
    status, _, err = fetch(scenario(model, "digits"))
    assert status == 2
    assert "has no model.safetensors or pytorch_model.bin" in err


@pytest.mark.parametrize(
    ("source", "name"), [("transformers", "someone/small"), ("timm", "test_vit")]
)
def test_a_hub_that_cannot_be_reached_is_one_message(source, name, scenario, fetch, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library waits between attempts
    template = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    model = f"{{source: {source}, name: {name}, pretrained: true}}"
    status, out, err = fetch(scenario(model, "digits"))
    assert (status, out) == (2, "")
    assert "the hub cannot be reached" in err
    assert "proxy" in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("server")
def test_a_repository_that_is_not_there_is_named(scenario, fetch):
    model = "{source: transformers, name: no/such/name}"
    status, _, err = fetch(scenario(model, "digits"))
    assert status == 2
    assert "no such repository" in err
    assert "model.name" in err


def test_a_known_architecture_without_weights_needs_nothing(scenario, fetch, server):
    model = "{source: transformers, name: google/vit-base-patch16-224-in21k}"
    status, out, _ = fetch(scenario(model, "digits"))
    assert (status, out) == (0, "nothing to fetch: this scenario needs no download\n")
    assert server.requests == []


@pytest.mark.usefixtures("archive")
def test_an_override_chooses_another_data_set(scenario, fetch):
    status, out, _ = fetch(scenario(), "--set", "dataset.name=digits")
    assert status == 0
    assert "nothing to fetch" in out


def test_a_broken_scenario_is_reported_with_its_place(tmp_path, fetch):
    path = tmp_path / "broken.yaml"
    path.write_text("model: {source: torchvision, nam: resnet18}\n")
    status, _, err = fetch(str(path))
    assert status == 2
    assert "broken.yaml:1" in err


@pytest.mark.usefixtures("archive")
def test_progress_is_shown_on_a_terminal(scenario, fetch, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    status, out, err = fetch(scenario())
    assert status == 0
    assert out.startswith("data set cifar10: fetched")
    assert "data set cifar10" in err
    assert "kB" in err
